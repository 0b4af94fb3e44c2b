package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// What a result says was put back is what an undo found to put back.
func TestUndoneIsWhatWasDone(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("pre_stop hook 1 of 1 exited with status 3", activities.PreconditionFailed, nil)
	down := goingDown()
	result, err := down.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("StopReplicas", mock.Anything, mock.Anything).Return(refused)
	})
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome)
	require.Equal(t, []string{"shop-app-3, shop-app-2 may take work again", "traffic goes to all replicas again"}, result.Undone)
	down.requireServed(t, "id-1", "id-2", "id-3")

	up := goingUp()
	result, err = up.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("StartReplicas", mock.Anything, mock.Anything).Return(activities.StartResult{}, refused)
	})
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome)
	require.Empty(t, result.Undone, "nothing was made")
}

// A stop whose worker died may still be on its way when it is undone; one that was reported is not.
func TestUndoOfAStopWithoutAWord(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"lost":    {temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil), true},
		"refused": {temporal.NewNonRetryableApplicationError("no", activities.PreconditionFailed, nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := goingDown()
			result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
				env.OnActivity("StopReplicas", mock.Anything, mock.Anything).Return(c.err)
			})
			require.Error(t, err)
			require.Equal(t, RolledBack, result.Outcome)
			require.Equal(t, []bool{c.want, c.want}, w.leaving, "each of both")
		})
	}
}

// One that does not come back keeps no other from traffic, and the result says who gets some.
func TestOneThatDoesNotComeBack(t *testing.T) {
	w := goingDown()
	lost := temporal.NewNonRetryableApplicationError("exited with code 3", activities.PreconditionFailed, nil)
	refused := temporal.NewNonRetryableApplicationError("no", activities.PreconditionFailed, nil)
	result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("StopReplicas", mock.Anything, mock.Anything).Return(refused)
		env.OnActivity("AwaitReady", mock.Anything, mock.MatchedBy(func(req activities.ReplicasRequest) bool { return slices.Contains(req.IDs, "id-2") })).Return(lost)
		env.OnActivity("AwaitReady", mock.Anything, mock.Anything).Return(nil)
	})
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Contains(t, result.Reason, "could not put back: shop-app-3, shop-app-2 started again: shop-app-2: exited with code 3")
	require.Contains(t, result.Undone, "traffic goes to shop-app-1, shop-app-3 again")
	require.ElementsMatch(t, []string{"id-1", "id-3"}, w.routed)
}

// Replicas that somebody stops meanwhile are not as before, whatever was put back.
func TestUndoNamesWhatDoesNotRun(t *testing.T) {
	w := goingUp()
	w.failAt, w.missing = "AwaitReady", []string{"shop-app-1 is exited"}
	result, err := w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Equal(t, "AwaitReady says no; not as before: shop-app-1 is exited", result.Reason)
}

// A cancellation stays one when the worker that is told of it dies.
func TestCancelledWhileTheWorkerDies(t *testing.T) {
	w := goingUp()
	result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("AwaitReady", mock.Anything, mock.Anything).After(2 * time.Second).Return(temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil))
		env.RegisterDelayedCallback(env.CancelWorkflow, 2*time.Second)
	})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, RolledBack, result.Outcome)
	require.Contains(t, result.Reason, "cancelled")
}

// A run that ends before its plan does not know from what number it would have come.
func TestCancelledBeforeThePlan(t *testing.T) {
	w := goingUp()
	result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("PlanScale", mock.Anything, mock.Anything).After(time.Minute).Return(scaling.Plan{}, nil)
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	})
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Nil(t, result.From)
	require.Equal(t, "app → 3", result.Change())
	require.Equal(t, "app 1 → 3", ServiceResult{Service: "app", From: new(1), To: 3}.Change())
}
