package operations

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

var none = activities.Fail(activities.PreconditionFailed, errors.New("no sample"))

// watching is a environment whose only measurement says one thing after the other, and then the last for ever.
func watching(says ...any) *environment {
	p, i := &environment{}, 0
	p.value = func(string) (float64, error) {
		said := says[min(i, len(says)-1)]
		i++
		if err, ok := said.(error); ok {
			return 0, err
		}
		return said.(float64), nil
	}
	return p
}

// latency watches the probe p95 of the runbook that the step call calls.
func latency(t *testing.T, until bool, times int) runbook.WatchCall {
	return runbook.WatchCall{
		Path: "call/watch", Scope: "call/", Until: until, Times: times, EverySeconds: 1, TimeoutSeconds: 10,
		Reads: []runbook.ReadCall{{Key: "call/p95", Uses: "prometheus.query", With: []runbook.Filled{constantly("query", "p95")}}},
		Condition: expression(t, "probes.p95.value < inputs.most", condition.Types{
			"probes.p95.value": condition.Double, "inputs.most": condition.Double,
		}, condition.Bool),
		Names: condition.Values{"inputs.most": 4.5},
	}
}

func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		says  []any
		until bool
		times int
		limit time.Duration
		want  runbook.WatchResult
	}{
		"a check that holds":            {[]any{1.0}, false, 1, 10 * time.Second, runbook.WatchResult{Held: true, Looks: 1}},
		"a check that does not":         {[]any{9.0, 1.0}, false, 1, 10 * time.Second, runbook.WatchResult{Looks: 1}},
		"a check in a row":              {[]any{1.0}, false, 3, 30 * time.Second, runbook.WatchResult{Held: true, Looks: 3}},
		"a check in a row that breaks":  {[]any{1.0, 9.0, 1.0}, false, 3, 30 * time.Second, runbook.WatchResult{Looks: 2}},
		"a check that cannot be told":   {[]any{none, 1.0}, false, 1, 10 * time.Second, runbook.WatchResult{Fault: "p95: no sample", Looks: 1}},
		"a check that has no time":      {[]any{1.0}, false, 3, 0, runbook.WatchResult{Fault: "it held at 1 looks in a row of 3 when the time was over", Looks: 1}},
		"a wait that comes to hold":     {[]any{9.0, 9.0, 1.0}, true, 1, 30 * time.Second, runbook.WatchResult{Held: true, Looks: 3}},
		"a wait over a gap":             {[]any{none, 1.0}, true, 1, 30 * time.Second, runbook.WatchResult{Held: true, Looks: 2}},
		"a wait that never holds":       {[]any{9.0}, true, 1, 0, runbook.WatchResult{Looks: 1}},
		"a wait that can never be told": {[]any{none}, true, 1, 0, runbook.WatchResult{Fault: "p95: no sample", Looks: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := watching(c.says...).operations(t).watch(t.Context(), latency(t, c.until, c.times), time.Now().Add(c.limit))
			require.NoError(t, err)
			require.Contains(t, got.Readings, "call/p95")
			got.Readings = nil
			require.Equal(t, c.want, got)
		})
	}
}

// However long the pause between two looks is, there is one at the deadline.
func TestWatchLooksAtTheDeadline(t *testing.T) {
	call := latency(t, true, 1)
	call.EverySeconds = 3600
	got, err := watching(9.0, 1.0).operations(t).watch(t.Context(), call, time.Now().Add(50*time.Millisecond))
	require.NoError(t, err)
	require.True(t, got.Held)
	require.Equal(t, 2, got.Looks)
}

func TestWatchReadsAResult(t *testing.T) {
	p := &environment{}
	p.replicas = two("running", "")[:1]
	p.health = func(string) (activities.ModelHealth, error) {
		return activities.ModelHealth{Healthy: false, Breaker: "open"}, nil
	}
	call := runbook.WatchCall{
		Project: "shop", Uses: "product.model_health", With: condition.Values{"model": "qwen_32b"}, Times: 1, TimeoutSeconds: 10,
		Condition: expression(t, `!result.healthy && result.breaker == "open"`, condition.Types{
			"result.healthy": condition.Bool, "result.breaker": condition.String,
		}, condition.Bool),
	}
	got, err := p.operations(t).Watch(t.Context(), call)
	require.NoError(t, err)
	require.True(t, got.Held)
	require.Equal(t, condition.Values{"healthy": false, "breaker": "open", "replicas": int64(1)}, got.Outputs)

	p.health = func(string) (activities.ModelHealth, error) { return activities.ModelHealth{}, errors.New("refused") }
	got, err = p.operations(t).Watch(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, runbook.WatchResult{Fault: "product.model_health: shop-app-1: refused", Looks: 1, Readings: map[string]runbook.Reading{}}, got)

	call.Uses, call.With = "product.cache_warm", nil
	got, err = p.operations(t).Watch(t.Context(), call)
	require.NoError(t, err)
	require.Contains(t, got.Fault, "not an operation that only reads")
	require.Empty(t, p.orders)

	call.Condition = condition.Expression{}
	_, err = p.operations(t).Watch(t.Context(), call)
	require.Equal(t, activities.InvalidInput, class(t, err))
}

// A worker that stops lets another one go on with a watch.
func TestWatchIsHandedOver(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	stop := make(chan struct{})
	env.SetWorkerStopChannel(stop)
	p := watching(9.0)
	said := p.value
	p.value = func(q string) (float64, error) {
		close(stop)
		return said(q)
	}
	o := p.operations(t)
	env.RegisterActivity(o.Watch)
	call := latency(t, true, 1)
	call.TimeoutSeconds = 3600
	_, err := env.ExecuteActivity(o.Watch, call)
	require.Equal(t, activities.WorkerStopping, class(t, err))
}

func TestWatchIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := watching(9.0)
	said := p.value
	p.value = func(q string) (float64, error) {
		cancel()
		return said(q)
	}
	_, err := p.operations(t).Watch(ctx, latency(t, true, 1))
	require.Equal(t, context.Canceled, err)
}
