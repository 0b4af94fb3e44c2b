package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
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
	definitions := benchRunbooks(b)
	bench := stepBench{c: newRunSite(b, []string{"/bin/true"}, definitions).c}
	sum, err := definitions[benchRunbook(1+benchSteps)].Sum()
	require.NoError(b, err)
	for b.Loop() {
		var ratios, ours, theirs []float64
		var ourEvents, theirEvents int
		for round := range benchRounds {
			a, events := bench.step(b, fmt.Sprintf("ours-%d", round), func(n int) (any, any) {
				return workflows.RunRunbook, workflows.RunbookRequest{Name: benchRunbook(n), Host: "bench", By: "bench"}
			})
			o, others := bench.step(b, fmt.Sprintf("bare-%d", round), func(n int) (any, any) { return bare, bareCall{n, sum} })
			ours, theirs, ratios = append(ours, a), append(theirs, o), append(ratios, a/o)
			ourEvents, theirEvents = events, others
		}
		b.ReportMetric(middle(ratios), "time-ratio")
		b.ReportMetric(float64(ourEvents)/float64(theirEvents), "event-ratio")
		b.ReportMetric(middle(ours), "ms/step")
		b.ReportMetric(middle(theirs), "ms/bare-step")
	}
}

func benchRunbook(steps int) string { return fmt.Sprintf("steps_%d", steps) }

// bareCall is how many steps a bare workflow does, and of which definition: a host does no others.
type bareCall struct {
	N   int
	Sum string
}

// bare runs the activity as often as it is told, with the same options as a runbook's step.
func bare(ctx workflow.Context, of bareCall) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: workflows.HostQueue("bench"), StartToCloseTimeout: time.Minute, HeartbeatTimeout: 5 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
	})
	for i := range of.N {
		call := runbook.ActCall{Path: fmt.Sprintf("s%d", i), Project: "bench", Definition: of.Sum, Attempt: 1, Uses: "command.run", With: condition.Values{"command": "nothing"}, Argv: []string{"/bin/true"}, Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 60}
		if err := workflow.ExecuteActivity(ctx, activities.ActOperation, call).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// benchRunbooks have a condition at every step, as real ones have.
func benchRunbooks(b *testing.B) installed {
	b.Helper()
	when, err := condition.Compile(`run.host == "bench"`, condition.Types{"run.host": condition.String}, condition.Bool)
	require.NoError(b, err)
	out := installed{}
	for _, n := range []int{1, 1 + benchSteps} {
		d := runbook.Definition{Name: benchRunbook(n), Owner: "bench", Severity: "Sev4", SHA256: fmt.Sprintf("%064d", n), Concurrency: runbook.Concurrency{Policy: runbook.Reject}}
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
	id = runbook.Subject("bench", "bench", benchRunbook(1+benchSteps), id)
	long, many := s.run(b, id, start, 1+benchSteps)
	if _, request := start(1); strings.Contains(fmt.Sprintf("%T", request), "RunbookRequest") { // whose id is that of its own definition
		id = strings.Replace(id, benchRunbook(1+benchSteps), benchRunbook(1), 1)
	}
	short, few := s.run(b, id+"-short", start, 1)
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
