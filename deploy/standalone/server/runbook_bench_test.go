package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/command"
	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/workflows"
)

const (
	// benchSteps is how many steps a run of the benchmark has, benchRounds how many runs of each kind.
	benchSteps  = 20
	benchRounds = 25
)

// BenchmarkRunbook runs the same activity, a program that does nothing, as the steps of a runbook and from a
// bare workflow, in turns, and reports the ratio of the time and of the events that one step takes. What both
// have once, at their beginning and end, is taken off with runs of no step at all.
func BenchmarkRunbook(b *testing.B) {
	s, err := Start(b.Context(), Options{StateDir: b.TempDir(), IP: loopback, Namespace: client.DefaultNamespace, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer s.Stop()
	c, err := client.Dial(client.Options{HostPort: s.HostPort(), Logger: quiet{}})
	require.NoError(b, err)
	defer c.Close()
	book, err := ledger.Open(b.Context(), ledger.Options{StateDir: b.TempDir()})
	require.NoError(b, err)
	defer book.Close()
	projects := activities.Projects{"bench": {Name: "bench", Compose: noServices{}}}
	operations := &activities.Operations{Projects: projects, GPUs: noGPUs{}, Commands: map[string]config.Command{"nothing": {Argv: []string{"/bin/true"}, Risk: "write", Idempotent: true, Timeout: strictyaml.Duration(time.Minute)}}, Runner: command.New()}
	runbooks := &activities.Runbooks{Definitions: benchRunbooks(b), Ledger: book, Operations: operations, Projects: map[string][]string{"bench": {"bench"}}}
	shared := worker.New(c, workflows.TaskQueue, worker.Options{})
	workflows.Register(shared)
	shared.RegisterWorkflow(bare)
	activities.Shared{Visibility: &activities.Visibility{}, People: &activities.People{}, Records: &activities.Records{Ledger: book}, Runbooks: runbooks}.Register(shared)
	host := worker.New(c, workflows.HostQueue("bench"), worker.Options{DisableWorkflowWorker: true})
	host.RegisterActivity(operations)
	host.RegisterActivity(runbooks)
	require.NoError(b, shared.Start())
	defer shared.Stop()
	require.NoError(b, host.Start())
	defer host.Stop()

	bench := stepBench{c: c}
	for b.Loop() {
		var ratios, ours, theirs []float64
		var ourEvents, theirEvents int
		for round := range benchRounds {
			a, events := bench.step(b, fmt.Sprintf("ours-%d", round), func(n int) (any, any) {
				return workflows.RunRunbook, workflows.RunbookRequest{Name: fmt.Sprintf("steps_%d", n), Host: "bench", By: "bench"}
			})
			o, others := bench.step(b, fmt.Sprintf("bare-%d", round), func(n int) (any, any) { return bare, n })
			ours, theirs, ratios = append(ours, a), append(theirs, o), append(ratios, a/o)
			ourEvents, theirEvents = events, others
		}
		b.ReportMetric(middle(ratios), "time-ratio")
		b.ReportMetric(float64(ourEvents)/float64(theirEvents), "event-ratio")
		b.ReportMetric(middle(ours), "ms/step")
		b.ReportMetric(middle(theirs), "ms/bare-step")
	}
}

// bare runs the activity as often as it is told, with the same options as a runbook's step.
func bare(ctx workflow.Context, n int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: workflows.HostQueue("bench"), StartToCloseTimeout: time.Minute, HeartbeatTimeout: 5 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
	})
	var operations *activities.Operations
	for i := range n {
		call := runbook.ActCall{Path: fmt.Sprint(i), Attempt: 1, Uses: "command.run", With: condition.Values{"command": "nothing"}, Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 60}
		if err := workflow.ExecuteActivity(ctx, operations.Act, call).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// noServices and noGPUs are a host that has neither.
type noServices struct{ activities.Compose }

func (noServices) Services(context.Context) ([]scaling.Service, error) { return nil, nil }

type noGPUs struct{ activities.GPUs }

func (noGPUs) Snapshot(context.Context) (gpu.Snapshot, error) {
	return gpu.Snapshot{}, activities.Fail(activities.NotFound, fmt.Errorf("no GPU"))
}

// installed are two runbooks of the benchmark: with steps and without.
type installed map[string]runbook.Definition

func (i installed) Runbook(name string) (runbook.Definition, bool) { d, ok := i[name]; return d, ok }

func (installed) ReadRunbook(string, []byte) (runbook.Definition, error) {
	return runbook.Definition{}, fmt.Errorf("a benchmark reads no file")
}
func (installed) NearestRunbook(string) string { return "" }

func (installed) RunbookFault(string) string { return "" }

// benchRunbooks have a condition at every step, as real ones have.
func benchRunbooks(b *testing.B) installed {
	b.Helper()
	when, err := condition.Compile(`run.host == "bench"`, condition.Types{"run.host": condition.String}, condition.Bool)
	require.NoError(b, err)
	out := installed{}
	for _, n := range []int{1, 1 + benchSteps} {
		d := runbook.Definition{Name: fmt.Sprintf("steps_%d", n), Owner: "bench", Severity: "Sev4", SHA256: fmt.Sprintf("%064d", n), Concurrency: runbook.Concurrency{Policy: runbook.Reject}}
		for i := range n {
			d.Steps = append(d.Steps, runbook.Step{
				ID: fmt.Sprintf("s%d", i), Kind: runbook.Action, When: when, Uses: "command.run", Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 60,
				With: []runbook.Filled{{Name: "command", Value: runbook.Value{Constant: "nothing"}}},
			})
		}
		out[d.Name] = d
	}
	return out
}

type stepBench struct{ c client.Client }

// step returns what one step takes, in milliseconds, and the events of benchSteps of them.
func (s stepBench) step(b *testing.B, id string, start func(n int) (workflow, request any)) (float64, int) {
	b.Helper()
	short, few := s.run(b, id+"-short", start, 1)
	long, many := s.run(b, id+"-long", start, 1+benchSteps)
	return (long - short).Seconds() * 1000 / benchSteps, many - few
}

func (s stepBench) run(b *testing.B, id string, start func(n int) (workflow, request any), n int) (time.Duration, int) {
	b.Helper()
	flow, request := start(n)
	began := time.Now()
	run, err := s.c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, flow, request)
	require.NoError(b, err)
	require.NoError(b, run.Get(b.Context(), nil))
	took := time.Since(began)
	return took, events(b, s.c, run)
}

func events(b *testing.B, c client.Client, run client.WorkflowRun) int {
	b.Helper()
	n := 0
	for history := c.GetWorkflowHistory(context.Background(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); n++ {
		_, err := history.Next()
		require.NoError(b, err)
	}
	return n
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
