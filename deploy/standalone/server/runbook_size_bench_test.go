package server

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/workflows"
)

// warmRuns fill the caches of the server and of the worker, which hold so many runs whatever they do. sizeRuns
// is how many wait beyond them, and how many questions are asked.
const (
	warmRuns = 260
	sizeRuns = 300
)

// BenchmarkRunbookSize is what a run that waits for a person takes of the database and of the process, started
// as starter does, with the question for its plan; and what a question takes alone.
func BenchmarkRunbookSize(b *testing.B) {
	for b.Loop() {
		for _, steps := range []int{1, 20} {
			site := newRunSite(b, []string{"/bin/true"}, waitingRunbook(b, steps))
			empty := memory(b)
			for i := range warmRuns {
				site.ask(b, i)
				site.wait(b, i)
			}
			first, held := site.bytes(b), memory(b)
			b.ReportMetric((held-empty)/1e6, fmt.Sprintf("MB-caches/run-of-%d", steps))
			for i := range sizeRuns {
				site.ask(b, warmRuns+i)
				site.wait(b, warmRuns+i)
			}
			b.ReportMetric((site.bytes(b)-first)/sizeRuns/1000, fmt.Sprintf("KB/run-of-%d", steps))
			b.ReportMetric((memory(b)-held)/sizeRuns/1e6, fmt.Sprintf("MB-memory/run-of-%d", steps))
		}
		site := newRunSite(b, []string{"/bin/true"}, waitingRunbook(b, 1))
		site.ask(b, 0)
		first := site.bytes(b)
		for i := range sizeRuns {
			site.ask(b, i)
		}
		b.ReportMetric((site.bytes(b)-first)/sizeRuns/1000, "KB/question")
	}
	b.ReportMetric(0, "ns/op")
}

// bytes are the pages of the database that hold something, once the server is through with what it deletes.
func (s runSite) bytes(b *testing.B) float64 {
	b.Helper()
	time.Sleep(2 * time.Second) // deletions go through a queue
	db, err := s.s.db.open()
	require.NoError(b, err)
	defer db.Close()
	var pages, free, size float64
	for pragma, into := range map[string]*float64{"page_count": &pages, "freelist_count": &free, "page_size": &size} {
		require.NoError(b, db.QueryRow("PRAGMA "+pragma).Scan(into))
	}
	return (pages - free) * size
}

// memory is what this process holds on to, after a collection.
func memory(b *testing.B) float64 {
	b.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// ask asks for the plan of a run.
func (s runSite) ask(b *testing.B, i int) {
	b.Helper()
	var runbooks *activities.Runbooks
	handle, err := s.c.ExecuteActivity(b.Context(), client.StartActivityOptions{
		ID: "ask/bench/" + uuid.NewString(), TaskQueue: workflows.HostQueue("bench"), ScheduleToCloseTimeout: time.Minute, Summary: "plan of runbook waiting",
	}, runbooks.PlanRunbook, activities.RunbookCall{Name: "waiting", Host: "bench", By: fmt.Sprint("bench@", i)})
	require.NoError(b, err)
	var plan activities.RunbookPlan
	require.NoError(b, handle.Get(b.Context(), &plan))
	s.c.Forget(b.Context(), handle)
	require.Empty(b, plan.Refusals)
}

// wait starts a run and returns when it waits.
func (s runSite) wait(b *testing.B, i int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	run, err := s.c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: fmt.Sprintf("runbook/bench/bench/waiting/%d", i), TaskQueue: workflows.TaskQueue, StaticSummary: "waiting on bench by bench",
	}, workflows.RunRunbook, workflows.RunbookRequest{Name: "waiting", Host: "bench", By: "bench"})
	require.NoError(b, err)
	for {
		var status workflows.RunbookStatus
		answer, err := s.c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), workflows.StatusRunbook)
		require.NoError(b, err)
		require.NoError(b, answer.Get(&status))
		if status.Request != nil {
			return
		}
		time.Sleep(tick)
	}
}

// waitingRunbook is a runbook that waits for a person at its first step; of 20 steps the file has 6 KB.
func waitingRunbook(b *testing.B, steps int) installed {
	b.Helper()
	text := strings.Builder{}
	text.WriteString(`apiVersion: evenkeel/v1
kind: Runbook
metadata: {name: waiting, description: Waits for a person and then does nothing., owner: bench, severity: Sev3}
steps:
  - id: agree
    kind: manual
    groups: [oncall]
    timeout: 15m
    message: Go on with what does nothing?
`)
	for i := range steps - 1 {
		fmt.Fprintf(&text, `  - id: nothing_%d
    kind: action
    title: Do what changes nothing for the %d. time, on the host that the run is about
    when: run.host == "bench"
    uses: command.run
    with: {command: nothing}
    risk: write
    idempotent: true
    timeout: 30s
    retry: {attempts: 5, interval: 2s}
`, i, i)
	}
	set, err := templates.Load("", nil)
	require.NoError(b, err)
	d, err := templates.ReadRunbook("waiting.yaml", []byte(text.String()), set)
	require.NoError(b, err)
	return installed{"waiting": d}
}
