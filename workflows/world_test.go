package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	// missing is what became of replicas that were to stay.
	missing []string
	// routeErr is what the router says to everything.
	routeErr error
	mu       sync.Mutex
	change   scaling.Change
	// restart is what a restart would do.
	restart  scaling.Restart
	running  []string
	routed   []string
	draining []string
	// failAt names the activity that fails once: at its first call, or at the call number failOn.
	failAt string
	failOn int
	// fails are the numbers of further calls that fail, from 1.
	fails []int
	// failUndo makes the named activity fail whenever it is called again.
	failUndo string
	// bySignal makes the product one that cannot be told to drain; grace is what its stop gets.
	bySignal bool
	grace    int
	// cancelIn names the activity in which cancel is called, after it has had its effect: the test
	// environment, unlike a server, does not wait for a cancelled activity to end.
	cancelIn string
	cancelOn int
	cancel   func()
	calls    []string
	faults   []string
	// deaf are replicas that do not answer when they are told to take work again.
	deaf bool
	// outage names the activity that fails whenever it is tried, as it does while the engine is away.
	outage string
	// gone are those that the start removed and its undo does not find any more; plans are what was asked for.
	gone  []string
	plans []activities.PlanRequest
	// leaving is what each StartAgain was told of a stop before it.
	leaving []bool
	// notVerified is what the router says of its members.
	notVerified bool
	// silent are those whose silence a drain took for idleness, watched those that were observed.
	silent  []string
	watched []string
	// checked are those whose health was asked, kept what the ledger was told.
	checked   []string
	asked     []activities.ServiceAsk
	kept      []activities.ServiceRun
	ledgerErr error
	// asks says why the ledger is not told what was asked for; nil is that it is.
	asks func() error
}

func (w *world) count(name string) int {
	n := 0
	for _, call := range w.calls {
		if call == name {
			n++
		}
	}
	return n
}

func (w *world) call(name string) error {
	w.calls = append(w.calls, name)
	n := w.count(name)
	if w.outage == name {
		return temporal.NewApplicationError(name+" has no engine", activities.Unavailable)
	}
	if slices.Contains(w.fails, len(w.calls)) || w.failAt == name && n == max(w.failOn, 1) || w.failUndo == name && n > 1 {
		return temporal.NewNonRetryableApplicationError(name+" says no", activities.PreconditionFailed, nil)
	}
	return nil
}

// begin lets one activity work at a time. What it returns ends the activity, and cancels the run where the
// test says so.
func (w *world) begin(name string) (end func()) {
	w.mu.Lock()
	return func() {
		if w.cancelIn == name && w.count(name) >= max(w.cancelOn, 1) {
			w.cancelIn = ""
			w.cancel()
		}
		w.mu.Unlock()
	}
}

func (w *world) PlanRestart(context.Context, activities.RestartPlanRequest) (scaling.Restart, error) {
	defer w.begin("PlanRestart")()
	return w.restart, w.call("PlanRestart")
}

func (w *world) KeepServiceAsk(_ context.Context, ask activities.ServiceAsk) error {
	if w.asks != nil {
		if err := w.asks(); err != nil {
			return err
		}
	}
	w.asked = append(w.asked, ask)
	return nil
}

// KeepServiceRun is not among the calls: it belongs to every run.
func (w *world) KeepServiceRun(_ context.Context, run activities.ServiceRun) error {
	defer w.begin("KeepServiceRun")()
	w.kept = append(w.kept, run)
	return w.ledgerErr
}

func (w *world) PlanScale(_ context.Context, req activities.PlanRequest) (scaling.Plan, error) {
	defer w.begin("PlanScale")()
	w.plans = append(w.plans, req)
	return scaling.Plan{Changes: []scaling.Change{w.change}}, w.call("PlanScale")
}

func (w *world) KnownSearchAttributes(context.Context) ([]string, error) { return nil, nil }

func (w *world) StartReplicas(_ context.Context, req activities.StartRequest) (activities.StartResult, error) {
	defer w.begin("StartReplicas")()
	made := slices.Clone(req.Change.Start)
	for _, r := range req.Change.Start {
		w.running = append(w.running, r.ID)
	}
	for _, n := range req.Change.Add {
		made = append(made, box(n))
		w.running = append(w.running, box(n).ID)
	}
	return activities.StartResult{Replicas: made}, w.call("StartReplicas") // a failure leaves what was made: undo has to find it
}

func (w *world) UndoStart(_ context.Context, req activities.StartRequest) (activities.Undone, error) {
	defer w.begin("UndoStart")()
	if err := w.call("UndoStart"); err != nil {
		return activities.Undone{}, err
	}
	undone := activities.Undone{Gone: w.gone}
	take := func(r scaling.Replica, names *[]string) {
		if slices.Contains(w.running, r.ID) {
			*names = append(*names, r.Name)
		}
		w.running, w.draining = without(w.running, r.ID), without(w.draining, r.ID)
		w.stopWhileRouted(r.ID)
	}
	for _, r := range req.Change.Start {
		take(r, &undone.Stopped)
	}
	for _, n := range req.Change.Add {
		take(box(n), &undone.Removed)
	}
	return undone, nil
}

func (w *world) AwaitReady(context.Context, activities.ReplicasRequest) error {
	defer w.begin("AwaitReady")()
	return w.call("AwaitReady")
}

func (w *world) MissingReplicas(context.Context, activities.ReplicasRequest) ([]string, error) {
	defer w.begin("MissingReplicas")()
	return w.missing, w.call("MissingReplicas")
}

func (w *world) CheckHealthy(_ context.Context, req activities.ReplicasRequest) error {
	defer w.begin("CheckHealthy")()
	w.checked = append(w.checked, req.IDs...)
	for _, id := range req.IDs {
		if !slices.Contains(w.running, id) {
			w.faults = append(w.faults, id+" is checked but does not run")
		}
	}
	return w.call("CheckHealthy")
}

func (w *world) RouteReplicas(_ context.Context, req activities.ReplicasRequest) (activities.RouteResult, error) {
	defer w.begin("RouteReplicas")()
	if w.routeErr != nil {
		return activities.RouteResult{}, w.routeErr
	}
	if err := w.call("RouteReplicas"); err != nil {
		return activities.RouteResult{}, err
	}
	for _, id := range req.IDs {
		if !slices.Contains(w.running, id) {
			w.faults = append(w.faults, id+" gets traffic but does not run")
		}
	}
	w.routed = slices.Clone(req.IDs)
	return activities.RouteResult{Workers: []int{7}, NotVerified: w.notVerified}, nil
}

func (w *world) DrainReplicas(_ context.Context, req activities.DrainRequest) (activities.DrainResult, error) {
	defer w.begin("DrainReplicas")()
	for _, id := range req.IDs {
		if slices.Contains(w.routed, id) {
			w.faults = append(w.faults, id+" is drained while it gets traffic")
		}
	}
	w.draining = append(w.draining, req.IDs...)
	if req.SilentIsIdle {
		w.silent = append(w.silent, req.IDs...)
	}
	return activities.DrainResult{BySignal: w.bySignal}, w.call("DrainReplicas")
}

func (w *world) ObserveReplicas(_ context.Context, req activities.ObserveRequest) error {
	defer w.begin("ObserveReplicas")()
	w.watched = append(w.watched, req.IDs...)
	return w.call("ObserveReplicas")
}

func (w *world) ResumeReplicas(_ context.Context, req activities.ReplicasRequest) error {
	defer w.begin("ResumeReplicas")()
	if w.deaf {
		return temporal.NewNonRetryableApplicationError("no answer", activities.Unavailable, nil)
	}
	for _, id := range req.IDs {
		w.draining = without(w.draining, id)
	}
	return w.call("ResumeReplicas")
}

func (w *world) StopReplicas(_ context.Context, req activities.ReplicasRequest) error {
	defer w.begin("StopReplicas")()
	w.grace = req.Policy.StopSeconds
	for _, id := range req.IDs {
		w.stopWhileRouted(id)
		w.running, w.draining = without(w.running, id), without(w.draining, id)
	}
	return w.call("StopReplicas")
}

func (w *world) StartAgain(_ context.Context, req activities.StartAgainRequest) (started []string, err error) {
	defer w.begin("StartAgain")()
	w.leaving = append(w.leaving, req.Leaving)
	for _, id := range req.IDs {
		if !slices.Contains(w.running, id) { // one that runs is left alone; one that starts knows of no drain
			w.running, w.draining = append(w.running, id), without(w.draining, id)
			started = append(started, "shop-app-"+strings.TrimPrefix(id, "id-"))
		}
	}
	return started, w.call("StartAgain")
}

func (w *world) RemoveReplicas(context.Context, activities.ReplicasRequest) error {
	defer w.begin("RemoveReplicas")()
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

func (w *world) run(t *testing.T, prepare func(*testsuite.TestWorkflowEnvironment)) (ServiceResult, error) {
	t.Helper()
	return runIn(t, w, w, prepare)
}

// runIn scales with the activities of a world, which may be part of a larger one.
func runIn(t *testing.T, activities any, w *world, prepare func(*testsuite.TestWorkflowEnvironment)) (ServiceResult, error) {
	t.Helper()
	return follow(t, activities, w, prepare, ScaleService,
		ScaleRequest{Host: "gpu-1", Project: "shop", Service: "app", Replicas: w.change.To, By: "anna@gpu-1", Why: "a test"})
}

// follow runs a change of the service and requires what holds of each: the router never sends traffic to what
// does not run, and the ledger knows the end.
func follow(t *testing.T, activities any, w *world, prepare func(*testsuite.TestWorkflowEnvironment), change, request any) (ServiceResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.RegisterActivity(activities)
	prepare(env)
	env.ExecuteWorkflow(change, request)
	require.True(t, env.IsWorkflowCompleted())
	require.Empty(t, w.faults)
	var result ServiceResult
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
	if len(w.asked) == 0 { // nor does it know of the run
		require.Empty(t, w.kept)
		return result, err
	}
	require.Len(t, w.kept, 1)
	told := keptOf(result)
	told.Warnings = slices.DeleteFunc(slices.Clone(result.Warnings), func(line string) bool { return strings.HasPrefix(line, "the ledger") })
	if len(told.Warnings) == 0 {
		told.Warnings = nil
	}
	require.Equal(t, told, w.kept[0].Data)
	require.Equal(t, "anna@gpu-1", w.kept[0].By)
	return result, err
}

// keptOf is what the ledger has to know of a result.
func keptOf(r ServiceResult) activities.ServiceRunData {
	return activities.ServiceRunData{
		Host: "gpu-1", Project: "shop", Service: "app", From: r.From, To: r.To, Outcome: string(r.Outcome),
		Reason: r.Reason, Why: "a test", Undone: r.Undone, Refusals: r.Refusals,
	}
}
