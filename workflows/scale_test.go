package workflows

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func undisturbed(*testsuite.TestWorkflowEnvironment) {}

func phases(r ServiceResult) []string {
	var out []string
	for _, p := range r.Phases {
		out = append(out, p.Name)
	}
	return out
}

// The ledger knows of a change before anything of it is done.
func TestScaleIsToldFirst(t *testing.T) {
	w := goingUp()
	_, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []activities.ServiceAskedData{{Host: "gpu-1", Project: "shop", Service: "app", To: new(3), Why: "a test", Claimed: true}}, []activities.ServiceAskedData{w.asked[0].Data})
	require.Equal(t, "anna@gpu-1", w.asked[0].By)
}

func TestScaleUp(t *testing.T) {
	w := goingUp()
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
	require.Equal(t, []string{"preflight", "start", "warm-up", "healthy", "route", "verify"}, phases(result))
	require.Equal(t, []string{"id-1", "id-2", "id-3"}, w.running)
	require.Equal(t, w.running, w.routed)
}

func TestScaleDown(t *testing.T) {
	w := goingDown()
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
	require.Equal(t, []string{"preflight", "unroute", "drain", "stop", "verify", "remove"}, phases(result))
	require.Equal(t, []string{"id-1"}, w.running)
	require.Equal(t, []string{"id-1"}, w.routed)
}

func TestScaleDownOfAConsumerIsNotRouted(t *testing.T) {
	w := goingDown()
	w.change.Endpoint.Upstream, w.routed = "", nil
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"preflight", "drain", "stop", "verify", "remove"}, phases(result))
	require.NotContains(t, w.calls, "RouteReplicas")
}

// A consumer that cannot be told drains on SIGTERM, and gets the time for it.
func TestScaleDownBySignal(t *testing.T) {
	w := goingDown()
	w.bySignal = true
	_, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, policy.DrainSeconds, w.grace)
}

func TestScaleUnchanged(t *testing.T) {
	w := goingUp()
	w.change.Add, w.change.To = nil, 1
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Unchanged, result.Outcome)
	require.Equal(t, []string{"PlanScale", "RouteReplicas"}, w.calls, "a person may have recreated the replica")
}

func TestScaleRefusedTouchesNothing(t *testing.T) {
	w := goingUp()
	w.change.Refusals = []scaling.Refusal{{Code: scaling.AboveMax, Message: "too many"}, {Code: scaling.ImageAbsent, Message: "no image"}}
	result, err := w.run(t, undisturbed)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, activities.PreconditionFailed, app.Type())
	require.Equal(t, Refused, result.Outcome)
	require.Equal(t, "too many; no image", result.Reason)
	require.Equal(t, []string{"PlanScale"}, w.calls)
}

// A failure or a cancellation in any step ends as it was before, whichever step it was.
func TestScalePutsThingsBack(t *testing.T) {
	directions := map[string]struct {
		make  func() *world
		steps []string
	}{
		"up":   {goingUp, []string{"StartReplicas", "AwaitReady", "CheckHealthy", "RouteReplicas"}},
		"down": {goingDown, []string{"RouteReplicas", "DrainReplicas", "StopReplicas", "CheckHealthy"}},
	}
	for direction, d := range directions {
		for _, step := range d.steps {
			t.Run(direction+" fails at "+step, func(t *testing.T) {
				w := d.make()
				w.failAt = step
				result, err := w.run(t, undisturbed)
				require.Error(t, err)
				require.Equal(t, RolledBack, result.Outcome)
				require.Contains(t, result.Reason, step+" says no")
				w.requireAsBefore(t, d.make())
			})
			t.Run(direction+" cancelled in "+step, func(t *testing.T) {
				w := d.make()
				w.cancelIn = step
				_, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) { w.cancel = env.CancelWorkflow })
				require.True(t, temporal.IsCanceledError(err), "%v", err)
				w.requireAsBefore(t, d.make())
			})
		}
	}
}

func (w *world) requireAsBefore(t *testing.T, before *world) {
	t.Helper()
	slices.Sort(w.running)
	slices.Sort(w.routed)
	require.Equal(t, before.running, w.running)
	require.Equal(t, before.routed, w.routed)
	require.Empty(t, w.draining)
	require.NotContains(t, w.calls, "RemoveReplicas")
}

// A replica that does not come back gets no traffic, and the run says what it could not put back.
func TestScaleSaysWhatItCouldNotPutBack(t *testing.T) {
	w := goingDown()
	w.failAt = "CheckHealthy"
	w.failUndo = "RouteReplicas"
	result, err := w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Contains(t, result.Reason, "traffic goes to all replicas again: RouteReplicas says no")
	require.Contains(t, result.Undone, "shop-app-3, shop-app-2 started again")
}

// Once the removal has begun there is no way back, and a cancellation does not stop it half-way.
func TestScaleCancelInRemoveCompletes(t *testing.T) {
	w := goingDown()
	w.cancelIn = "RemoveReplicas"
	result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) { w.cancel = env.CancelWorkflow })
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
}

// planned is a world in which the rules decide how the replicas become that many.
func planned(to int, replicas ...scaling.Replica) *world {
	w := restarting(replicas...)
	plan := scaling.MakePlan(scaling.Request{
		Host: "gpu-1", Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: to}}, Inventory: scaling.Inventory{Replicas: replicas, CPUs: 8, MemoryMB: 8192},
		Services:  []scaling.Service{{Name: "app", Image: "app:1", ImageID: "sha256:1", Hash: "h"}},
		Policies:  map[string]scaling.Policy{"app": policy},
		Endpoints: map[string]scaling.Endpoint{"app": {Port: 8080, Upstream: "app", Drain: "/drain"}},
		Place:     &scaling.Place{OnHost: true}, Present: map[string][]string{},
	})
	w.change = plan.Changes[0]
	return w
}

// Stopped ones that are as the file says are started instead of copies, beside which copies are made.
func TestScaleUpStartsStoppedOnes(t *testing.T) {
	w := planned(3, replica(1, "running"), replica(2, "exited"))
	require.Empty(t, w.change.Refusals)
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
	require.Equal(t, []string{"id-1", "id-2", "id-3"}, w.running)
	require.Equal(t, w.running, w.routed)
	require.NotContains(t, w.calls, "RemoveReplicas", "one that is started is not left over")
}

// What was started is stopped again, and nothing is removed.
func TestScaleUpStopsAgainWhatItStarted(t *testing.T) {
	for _, step := range []string{"StartReplicas", "AwaitReady", "CheckHealthy", "ObserveReplicas", "RouteReplicas"} {
		t.Run(step, func(t *testing.T) {
			w := planned(3, replica(1, "running"), replica(2, "exited"))
			w.change.ObserveSeconds = 10
			w.failAt = step
			result, err := w.run(t, undisturbed)
			require.Error(t, err)
			require.Equal(t, RolledBack, result.Outcome)
			require.Contains(t, result.Undone, "shop-app-3 removed, shop-app-2 stopped again")
			w.requireServed(t, "id-1")
		})
	}
}

// A replica that dies while it is watched never gets traffic.
func TestScaleUpObserves(t *testing.T) {
	w := goingUp()
	w.change.ObserveSeconds = 10
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"preflight", "start", "warm-up", "healthy", "observe", "route", "verify"}, phases(result))
	require.Equal(t, []string{"id-2", "id-3"}, w.watched)

	w = goingUp()
	w.change.ObserveSeconds, w.failAt = 10, "ObserveReplicas"
	result, err = w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome)
	require.Equal(t, "ObserveReplicas says no", result.Reason)
	require.NotContains(t, w.calls, "RouteReplicas")
	w.requireAsBefore(t, goingUp())
}

// Of two that are both unhealthy one goes, although the other does not get well by that.
func TestScaleDownOfUnhealthyOnes(t *testing.T) {
	w := planned(1, unhealthy(1), unhealthy(2))
	require.Equal(t, []string{"id-1"}, w.change.UnhealthyBefore)
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
	require.Empty(t, w.checked, "what was unhealthy before is not the change's doing")
	require.Equal(t, []string{"id-2"}, w.silent, "one that hangs is not waited for")
	require.Equal(t, []string{"id-1"}, w.routed)

	for _, step := range []string{"RouteReplicas", "DrainReplicas", "StopReplicas"} {
		w := planned(1, unhealthy(1), unhealthy(2))
		w.failAt, w.deaf = step, true
		result, err := w.run(t, undisturbed)
		require.Error(t, err)
		require.Equal(t, RolledBack, result.Outcome, "%s: %s", step, result.Reason)
		require.NotContains(t, w.calls, "AwaitReady", "it was not ready before")
		require.ElementsMatch(t, []string{"id-1", "id-2"}, w.running)
		require.ElementsMatch(t, []string{"id-1", "id-2"}, w.routed)
	}
}

// A healthy one that stays is judged, beside one that was unhealthy.
func TestScaleDownJudgesTheHealthyOnes(t *testing.T) {
	w := planned(2, replica(1, "running"), unhealthy(2), replica(3, "running"))
	w.change.Keep, w.change.Remove = []scaling.Replica{replica(1, "running"), unhealthy(2)}, []scaling.Replica{replica(3, "running")}
	_, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"id-1"}, w.checked)
}

// The others are looked at while the leaving ones stop, which may take a minute: neither waits for the other.
func TestScaleDownVerifiesWhileItStops(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	w := goingDown()
	met := make(chan struct{})
	env.RegisterActivity(&meeting{w, met})
	env.ExecuteWorkflow(ScaleService, ScaleRequest{Host: "gpu-1", Project: "shop", Service: "app", Replicas: 1, By: "anna@gpu-1"})
	require.NoError(t, env.GetWorkflowError())
	require.Empty(t, w.faults)
}

// meeting is a world whose stop and check end together.
type meeting struct {
	*world
	met chan struct{}
}

func (m *meeting) StopReplicas(ctx context.Context, req activities.ReplicasRequest) error {
	select {
	case m.met <- struct{}{}:
		return m.world.StopReplicas(ctx, req)
	case <-time.After(20 * time.Second):
		return temporal.NewNonRetryableApplicationError("nobody checks the others meanwhile", activities.PreconditionFailed, nil)
	}
}

func (m *meeting) CheckHealthy(ctx context.Context, req activities.ReplicasRequest) error {
	select {
	case <-m.met:
		return m.world.CheckHealthy(ctx, req)
	case <-time.After(20 * time.Second):
		return temporal.NewNonRetryableApplicationError("nobody stops the leaving ones meanwhile", activities.PreconditionFailed, nil)
	}
}

// What the router could not look at is said once, however often it was routed.
func TestScaleSaysWhatWasNotVerified(t *testing.T) {
	w := goingDown()
	w.notVerified, w.failAt = true, "StopReplicas"
	result, err := w.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, []string{"not verified through the router"}, result.Warnings)
}
