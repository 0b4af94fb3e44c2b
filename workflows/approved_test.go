package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// approvedUntil scales with an approval that ends some time after the start.
func approvedUntil(t *testing.T, w *world, lasts time.Duration, prepare func(*testsuite.TestWorkflowEnvironment)) (ServiceResult, error) {
	t.Helper()
	began := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	return follow(t, w, w, func(env *testsuite.TestWorkflowEnvironment) {
		env.SetStartTime(began)
		prepare(env)
	}, ScaleService, ScaleRequest{
		Host: "gpu-1", Project: "shop", Service: "app", Replicas: w.change.To, By: "anna@gpu-1", Why: "a test", Until: began.Add(lasts),
	})
}

// ended is what the host's worker says of the first effect when it takes it too late.
func ended(t *testing.T) error {
	return activities.Classify(t.Context(), activities.Refused(scaling.Refusal{Code: scaling.ApprovalEnded, Message: "the approval ended; nothing was done"}))
}

// The first effect carries the approval, and what has begun is brought to its end however long it takes.
func TestApprovalGoesWithTheFirstEffect(t *testing.T) {
	for name, w := range map[string]*world{"up": goingUp(), "down": goingDown()} {
		t.Run(name, func(t *testing.T) {
			carried := map[string]bool{}
			_, err := approvedUntil(t, w, time.Minute, func(env *testsuite.TestWorkflowEnvironment) {
				env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, args converter.EncodedValues) {
					var a activities.Approved
					if args.HasValues() && args.Get(&a) == nil && !a.Until.IsZero() {
						carried[info.ActivityType.Name] = true
					}
				})
			})
			require.NoError(t, err)
			first := map[string]string{"up": "StartReplicas", "down": "RouteReplicas"}[name]
			require.Equal(t, map[string]bool{first: true}, carried)
		})
	}
}

func TestApprovalThatEndedBeforeTheFirstEffect(t *testing.T) {
	t.Run("while nobody made the plan", func(t *testing.T) {
		w := goingUp()
		result, err := approvedUntil(t, w, time.Minute, func(env *testsuite.TestWorkflowEnvironment) {
			env.OnActivity("PlanScale", mock.Anything, mock.Anything).After(2*time.Minute).Return(scaling.Plan{Changes: []scaling.Change{w.change}}, nil)
		})
		require.ErrorContains(t, err, "the approval ended at 2026-01-05T03:01:00Z; nothing was done")
		require.Equal(t, Refused, result.Outcome)
		require.Equal(t, scaling.ApprovalEnded, result.Refusals[0].Code)
		require.NotContains(t, w.calls, "StartReplicas")
		w.requireAsBefore(t, goingUp())
	})
	for name, c := range map[string]struct {
		w     *world
		first string
	}{"while nobody took the start": {goingUp(), "StartReplicas"}, "while nobody took the router": {goingDown(), "RouteReplicas"}} {
		t.Run(name, func(t *testing.T) {
			before := len(c.w.running)
			tries := 0
			result, err := approvedUntil(t, c.w, time.Minute, func(env *testsuite.TestWorkflowEnvironment) {
				count := func() error { tries++; return ended(t) }
				if c.first == "StartReplicas" {
					env.OnActivity(c.first, mock.Anything, mock.Anything).Return(func(context.Context, activities.StartRequest) (activities.StartResult, error) {
						return activities.StartResult{}, count()
					})
				} else {
					env.OnActivity(c.first, mock.Anything, mock.Anything).Return(func(context.Context, activities.ReplicasRequest) (activities.RouteResult, error) {
						return activities.RouteResult{}, count()
					})
				}
			})
			require.ErrorContains(t, err, "nothing was done")
			require.Equal(t, Refused, result.Outcome)
			require.Equal(t, []scaling.Refusal{{Code: scaling.ApprovalEnded, Message: "the approval ended; nothing was done"}}, result.Refusals)
			require.Equal(t, 1, tries)
			require.Empty(t, result.Undone)
			require.NotContains(t, phases(result), "undo", "there is nothing to put back")
			require.Len(t, c.w.running, before)
		})
	}
}

// A gate that says no has promised nothing, so the books' being away meanwhile leaves nothing for a person to do.
func TestScaleUpRefusedAtTheGateReleasesNothing(t *testing.T) {
	w := claiming()
	w.refuse = true
	result, err := follow(t, w, w.world, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("SettleVRAM", mock.Anything, mock.Anything).Return(activities.Classify(t.Context(), activities.Fail(activities.PreconditionFailed, context.DeadlineExceeded)))
	}, ScaleService, ScaleRequest{Host: "gpu-1", Project: "shop", Service: "app", Replicas: w.change.To, By: "anna@gpu-1", Why: "a test"})
	require.ErrorContains(t, err, "needs 2000 MB and is 16 MB short")
	require.Equal(t, Refused, result.Outcome)
	require.Equal(t, scaling.VRAMHeadroom, result.Refusals[0].Code)
	require.NotContains(t, phases(result), "undo")
}
