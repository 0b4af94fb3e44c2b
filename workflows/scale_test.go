package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// world is a host with one service whose activities have their effect in memory. Its methods carry
// the names of the real activities, so that the workflow cannot tell.
type world struct {
	change   scaling.Change
	running  []string
	routed   []string
	draining []string
	// failAt names the activity that fails from its first call on, undo not included.
	failAt string
	// failUndo makes the named activity fail when it is called for the second time.
	failUndo string
	// bySignal makes the product one that cannot be told to drain; grace is what its stop gets.
	bySignal bool
	grace    int
	// cancelIn names the activity in which cancel is called, after it has had its effect: the test
	// environment, unlike a server, does not wait for a cancelled activity to end.
	cancelIn string
	cancel   func()
	calls    []string
	faults   []string
}

func (w *world) call(name string) error {
	again := slices.Contains(w.calls, name)
	w.calls = append(w.calls, name)
	if w.failAt == name && !again || w.failUndo == name && again {
		return temporal.NewNonRetryableApplicationError(name+" says no", activities.PreconditionFailed, nil)
	}
	return nil
}

// end cancels the run where the test says so; each activity defers it.
func (w *world) end(name string) {
	if w.cancelIn == name {
		w.cancelIn = ""
		w.cancel()
	}
}

func (w *world) PlanScale(context.Context, activities.PlanRequest) (scaling.Plan, error) {
	return scaling.Plan{Changes: []scaling.Change{w.change}}, w.call("PlanScale")
}

func (w *world) KnownSearchAttributes(context.Context) ([]string, error) { return nil, nil }

func (w *world) StartReplicas(_ context.Context, req activities.StartRequest) ([]scaling.Replica, error) {
	defer w.end("StartReplicas")
	var made []scaling.Replica
	for _, n := range req.Change.Add {
		made = append(made, box(n))
		w.running = append(w.running, box(n).ID)
	}
	return made, w.call("StartReplicas") // a failure leaves what was made: undo has to find it
}

func (w *world) UndoStart(_ context.Context, req activities.StartRequest) ([]string, error) {
	if err := w.call("UndoStart"); err != nil {
		return nil, err
	}
	for _, n := range req.Change.Add {
		w.running, w.draining = without(w.running, box(n).ID), without(w.draining, box(n).ID)
		w.stopWhileRouted(box(n).ID)
	}
	return nil, nil
}

func (w *world) AwaitReady(context.Context, activities.ReplicasRequest) error {
	defer w.end("AwaitReady")
	return w.call("AwaitReady")
}

func (w *world) CheckHealthy(_ context.Context, req activities.ReplicasRequest) error {
	defer w.end("CheckHealthy")
	for _, id := range req.IDs {
		if !slices.Contains(w.running, id) {
			w.faults = append(w.faults, id+" is checked but does not run")
		}
	}
	return w.call("CheckHealthy")
}

func (w *world) RouteReplicas(_ context.Context, req activities.ReplicasRequest) (activities.RouteResult, error) {
	defer w.end("RouteReplicas")
	if err := w.call("RouteReplicas"); err != nil {
		return activities.RouteResult{}, err
	}
	for _, id := range req.IDs {
		if !slices.Contains(w.running, id) {
			w.faults = append(w.faults, id+" gets traffic but does not run")
		}
	}
	w.routed = slices.Clone(req.IDs)
	return activities.RouteResult{Workers: []int{7}}, nil
}

func (w *world) DrainReplicas(_ context.Context, req activities.DrainRequest) (activities.DrainResult, error) {
	defer w.end("DrainReplicas")
	for _, id := range req.IDs {
		if slices.Contains(w.routed, id) {
			w.faults = append(w.faults, id+" is drained while it gets traffic")
		}
	}
	w.draining = append(w.draining, req.IDs...)
	return activities.DrainResult{BySignal: w.bySignal}, w.call("DrainReplicas")
}

func (w *world) ResumeReplicas(context.Context, activities.ReplicasRequest) error {
	w.draining = nil
	return w.call("ResumeReplicas")
}

func (w *world) StopReplicas(_ context.Context, req activities.ReplicasRequest) error {
	defer w.end("StopReplicas")
	w.grace = req.Policy.StopSeconds
	for _, id := range req.IDs {
		w.stopWhileRouted(id)
		w.running = without(w.running, id)
	}
	return w.call("StopReplicas")
}

func (w *world) RestartReplicas(_ context.Context, req activities.ReplicasRequest) error {
	w.running = append(w.running, req.IDs...)
	return w.call("RestartReplicas")
}

func (w *world) RemoveReplicas(context.Context, activities.ReplicasRequest) error {
	defer w.end("RemoveReplicas")
	return w.call("RemoveReplicas")
}

func (w *world) stopWhileRouted(id string) {
	if slices.Contains(w.routed, id) {
		w.faults = append(w.faults, id+" is stopped while it gets traffic")
	}
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id })
}

func box(n int) scaling.Replica {
	return scaling.Replica{ID: fmt.Sprint("id-", n), Name: fmt.Sprint("shop-app-", n), Service: "app", Number: n, State: "running"}
}

var policy = scaling.Policy{Name: "app", Min: 1, Max: 9, WarmUpSeconds: 60, HealthySeconds: 60, DrainSeconds: 60, StopSeconds: 10}

func goingUp() *world {
	return &world{
		change: scaling.Change{
			Service: "app", From: 1, To: 3, Keep: []scaling.Replica{box(1)}, Add: []int{2, 3}, Policy: policy,
			Endpoint: scaling.Endpoint{Port: 8080, Upstream: "app"},
		},
		running: []string{"id-1"}, routed: []string{"id-1"},
	}
}

func goingDown() *world {
	return &world{
		change: scaling.Change{
			Service: "app", From: 3, To: 1, Keep: []scaling.Replica{box(1)}, Remove: []scaling.Replica{box(3), box(2)}, Policy: policy,
			Endpoint: scaling.Endpoint{Port: 8080, Upstream: "app", Drain: "/drain"},
		},
		running: []string{"id-1", "id-2", "id-3"}, routed: []string{"id-1", "id-2", "id-3"},
	}
}

func (w *world) run(t *testing.T, prepare func(*testsuite.TestWorkflowEnvironment)) (ScaleResult, error) {
	t.Helper()
	return runIn(t, w, w, prepare)
}

// runIn runs the workflow with the activities of a world, which may be part of a larger one.
func runIn(t *testing.T, activities any, w *world, prepare func(*testsuite.TestWorkflowEnvironment)) (ScaleResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.RegisterActivity(activities)
	prepare(env)
	env.ExecuteWorkflow(ScaleService, ScaleRequest{Host: "gpu-1", Project: "shop", Service: "app", Replicas: w.change.To, By: "anna@gpu-1"})
	require.True(t, env.IsWorkflowCompleted())
	require.Empty(t, w.faults)
	var result ScaleResult
	err := env.GetWorkflowError()
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	switch {
	case err == nil:
		require.NoError(t, env.GetWorkflowResult(&result))
	case errors.As(err, &app):
		require.NoError(t, app.Details(&result))
	case errors.As(err, &canceled):
		require.NoError(t, canceled.Details(&result))
	}
	return result, err
}

func undisturbed(*testsuite.TestWorkflowEnvironment) {}

func phases(r ScaleResult) []string {
	var out []string
	for _, p := range r.Phases {
		out = append(out, p.Name)
	}
	return out
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
