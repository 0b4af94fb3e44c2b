package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Every kind of activity has a total that leaves room for more than one attempt.
func TestEveryActivityHasATotal(t *testing.T) {
	type times struct{ Limit, Total time.Duration }
	look := func(ctx workflow.Context) (map[string]times, error) {
		of := func(o workflow.ActivityOptions) times { return times{o.StartToCloseTimeout, o.ScheduleToCloseTimeout} }
		local := func(ctx workflow.Context) times {
			o := workflow.GetLocalActivityOptions(ctx)
			return times{o.StartToCloseTimeout, o.ScheduleToCloseTimeout}
		}
		return map[string]times{
			"on a host":             of(changing("", time.Minute, time.Hour)),
			"on a host, long":       of(changing("", 2*time.Hour, time.Hour)),
			"a look":                of(looking("")),
			"a question":            of(asking("")),
			"an operation":          of(acting(runbook.ActCall{TimeoutSeconds: 60, Idempotent: true})),
			"once":                  of(acting(runbook.ActCall{TimeoutSeconds: 60})),
			"a message":             of(workflow.GetActivityOptions(sending(ctx, ""))),
			"a message in a chat":   of(workflow.GetActivityOptions(telling(ctx, "", 0))),
			"a whisper":             of(workflow.GetActivityOptions(whispering(ctx, ""))),
			"a page":                of(workflow.GetActivityOptions(paging(ctx, "", 0))),
			"local":                 local(locally(ctx, "")),
			"to the ledger, here":   local(ledgerNow(ctx, "")),
			"to the ledger, by all": of(workflow.GetActivityOptions(ledgerLater(ctx, ""))),
		}, nil
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(look, workflow.RegisterOptions{Name: "look"})
	env.ExecuteWorkflow("look")
	var all map[string]times
	require.NoError(t, env.GetWorkflowResult(&all))
	require.Equal(t, times{2 * time.Hour, 2 * time.Hour}, all["on a host, long"], "one attempt is never cut off")
	delete(all, "on a host, long")
	require.Len(t, all, 12)
	for name, kind := range all {
		require.Greater(t, kind.Total, kind.Limit, name)
	}
}

// totals makes a run tell how long all attempts at each activity may take.
func totals(of map[string]time.Duration) func(*testsuite.TestWorkflowEnvironment) {
	return func(env *testsuite.TestWorkflowEnvironment) {
		env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
			of[info.ActivityType.Name] = info.ScheduleToCloseTimeout
		})
	}
}

// An engine that stays away ends every wait, and things are put back. One that comes back in time is waited for.
func TestNoWaitIsWithoutAnEnd(t *testing.T) {
	observed := func() *world {
		w := goingUp()
		w.change.ObserveSeconds = 60
		return w
	}
	for step, make := range map[string]func() *world{
		"AwaitReady": goingUp, "CheckHealthy": goingUp, "ObserveReplicas": observed, "DrainReplicas": goingDown,
	} {
		t.Run(step, func(t *testing.T) {
			w, total := make(), map[string]time.Duration{}
			w.outage = step
			result, err := w.run(t, totals(total))
			require.Error(t, err)
			require.Equal(t, RolledBack, result.Outcome, result.Reason)
			require.Contains(t, result.Reason, step+" has no engine")
			require.Equal(t, time.Minute+slack+changeTotal, total[step])
			w.requireAsBefore(t, make())
		})
	}
	w, total := goingDown(), map[string]time.Duration{}
	w.outage = "CheckHealthy"
	result, err := w.run(t, totals(total))
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome, result.Reason)
	require.Equal(t, time.Minute+slack+changeTotal, total["CheckHealthy"])
	require.Equal(t, time.Minute+slack+undoTotal, total["AwaitReady"], "of those that are started again")
	w.requireAsBefore(t, goingDown())
}

// The drain of an undo ends, too, and what it is for goes on: the other undo steps.
func TestUndoDoesNotWaitForEver(t *testing.T) {
	w := goingUp()
	w.failAt, w.failOn, w.outage = "CheckHealthy", 2, "DrainReplicas"
	total := map[string]time.Duration{}
	result, err := w.run(t, totals(total))
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Contains(t, result.Reason, "traffic goes to the old replicas only: DrainReplicas has no engine")
	require.Equal(t, []string{"shop-app-2, shop-app-3 removed"}, result.Undone)
	require.Equal(t, time.Minute+slack+undoTotal, total["DrainReplicas"])
	w.requireServed(t, "id-1")
}

// From the removal on there is no way back: what it leaves behind is named, and nothing is undone.
func TestRemoveEndsAfterADay(t *testing.T) {
	w := goingDown()
	w.outage, w.missing = "RemoveReplicas", []string{"shop-app-3 is exited"} // as it should be
	total := map[string]time.Duration{}
	result, err := w.run(t, totals(total))
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, string(RollbackIncomplete), app.Type())
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Equal(t, "RemoveReplicas has no engine; left behind, as far as they are still there: shop-app-3, shop-app-2", result.Reason)
	require.Empty(t, result.Undone)
	require.Equal(t, []string{"id-1"}, w.running)
	require.Equal(t, []string{"id-1"}, w.routed)
	require.Equal(t, removeTotal, total["RemoveReplicas"])
}

// One that stays and ends while the others stop leaves nobody that serves: the others come back, and traffic with them.
func TestScaleDownWhoseLastOneEnds(t *testing.T) {
	w := goingDown()
	w.missing = []string{"shop-app-1 is exited"}
	result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity(w.StopReplicas, mock.Anything, mock.Anything).After(6 * time.Second).Return(w.StopReplicas)
	})
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Equal(t, "shop-app-1 is exited; not as before: shop-app-1 is exited", result.Reason)
	require.Equal(t, []string{"shop-app-3, shop-app-2 started again", "shop-app-3, shop-app-2 may take work again", "traffic goes to all replicas again"}, result.Undone)
	require.ElementsMatch(t, []string{"id-1", "id-2", "id-3"}, w.routed)
	require.NotContains(t, w.calls, "RemoveReplicas")
}

// What the start removed to let Compose make the first replica does not come back, and is not said to.
func TestScaleNamesWhatIsGone(t *testing.T) {
	w := goingUp()
	w.change = scaling.Change{Service: "app", To: 1, Add: []int{2}, Bootstrap: true, Discard: []scaling.Replica{box(1)}, Policy: policy}
	w.running, w.routed, w.gone, w.failAt = nil, nil, []string{"shop-app-1"}, "StartReplicas"
	result, err := w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Equal(t, "StartReplicas says no; removed for good: shop-app-1", result.Reason)
	require.Equal(t, []string{"shop-app-2 removed"}, result.Undone)
	require.Equal(t, []string{"removed for good: shop-app-1"}, result.Warnings)
	require.Equal(t, result.Warnings, w.kept[0].Data.Warnings)

	w.gone, w.calls, w.kept = nil, nil, nil
	result, err = w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome, result.Reason)
}

// What waits for the ledger names it once.
func TestLedgerLaterIsCalledOnce(t *testing.T) {
	look := func(ctx workflow.Context) (string, error) {
		return workflow.GetActivityOptions(ledgerLater(ctx, "ledger: step.ok")).Summary, nil
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(look, workflow.RegisterOptions{Name: "look"})
	env.ExecuteWorkflow("look")
	var summary string
	require.NoError(t, env.GetWorkflowResult(&summary))
	require.Equal(t, "waits for the ledger: step.ok", summary)
}
