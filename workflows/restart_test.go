package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// restarting is a world in which the service has those replicas, and the rules say what a restart does with them.
func restarting(replicas ...scaling.Replica) *world {
	w := &world{}
	for _, r := range replicas {
		if r.Running() {
			w.running, w.routed = append(w.running, r.ID), append(w.routed, r.ID)
		}
	}
	w.restart = scaling.MakeRestart(scaling.Request{
		Host: "gpu-1", Project: "shop", Inventory: scaling.Inventory{Replicas: replicas},
		Services:  []scaling.Service{{Name: "app", Image: "app:1", ImageID: "sha256:1", Hash: "h"}},
		Policies:  map[string]scaling.Policy{"app": policy},
		Endpoints: map[string]scaling.Endpoint{"app": {Port: 8080, Upstream: "app", Drain: "/drain"}},
		Place:     &scaling.Place{OnHost: true}, Present: map[string][]string{},
	}, "app")
	w.restart.ObserveSeconds = 10
	return w
}

// replica is box(n) in a state, with an address that the router reaches.
func replica(n int, state string) scaling.Replica {
	r := box(n)
	r.State, r.ImageID, r.ConfigHash = state, "sha256:1", "h"
	if r.Running() {
		r.Networks = []scaling.Attachment{{NetworkID: "n", Network: "shop_back", Driver: "bridge", Address: fmt.Sprint("172.18.0.", n)}}
	}
	return r
}

func unhealthy(n int) scaling.Replica {
	r := replica(n, "running")
	r.Health = "unhealthy"
	return r
}

var restartOfApp = RestartRequest{Host: "gpu-1", Project: "shop", Service: "app", By: "anna@gpu-1", Why: "a test"}

func (w *world) restartApp(t *testing.T, prepare func(*testsuite.TestWorkflowEnvironment)) (ServiceResult, error) {
	t.Helper()
	return follow(t, w, w, prepare, RestartService, restartOfApp)
}

// one are the activities that restart one routed replica, in their order.
var one = []string{"RouteReplicas", "DrainReplicas", "StopReplicas", "StartAgain", "AwaitReady", "CheckHealthy", "ObserveReplicas", "RouteReplicas"}

func TestRestartOneByOne(t *testing.T) {
	w := restarting(replica(1, "running"), replica(2, "running"), replica(3, "running"))
	result, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Restarted, result.Outcome)
	require.Equal(t, slices.Concat([]string{"PlanRestart"}, one, one, one), w.calls)
	phase := []string{"unroute", "drain", "stop", "start", "warm-up", "healthy", "observe", "route"}
	require.Equal(t, slices.Concat([]string{"preflight"}, phase, phase, phase), phases(result))
	require.Equal(t, []string{"id-1", "id-2", "id-3"}, w.watched)
	require.Empty(t, w.silent, "a healthy one that is silent may be at work")
	w.requireServed(t, "id-1", "id-2", "id-3")
	require.Equal(t, 3, *result.From)
	require.Equal(t, 3, result.To)
}

// requireServed holds the end against those that served before.
func (w *world) requireServed(t *testing.T, ids ...string) {
	t.Helper()
	require.ElementsMatch(t, ids, w.running)
	require.ElementsMatch(t, ids, w.routed)
	require.Empty(t, w.draining)
	require.NotContains(t, w.calls, "RemoveReplicas")
}

// Whichever activity fails, or is at work when the run is cancelled: the replica at work comes back.
func TestRestartPutsThingsBack(t *testing.T) {
	three := func() *world { return restarting(replica(1, "running"), replica(2, "running"), replica(3, "running")) }
	for n := range 3 {
		seen := map[string]int{}
		for i, activity := range one {
			seen[activity]++
			call := n + seen[activity]
			if activity == "RouteReplicas" {
				call = n*2 + seen[activity]
			}
			t.Run(fmt.Sprintf("replica %d, %d fails at %s", n+1, i, activity), func(t *testing.T) {
				w := three()
				w.failAt, w.failOn = activity, call
				result, err := w.restartApp(t, undisturbed)
				var app *temporal.ApplicationError
				require.ErrorAs(t, err, &app)
				require.Equal(t, string(RolledBack), app.Type())
				require.Equal(t, RolledBack, result.Outcome)
				require.Equal(t, fmt.Sprintf("%d of 3 restarted, then: %s says no", n, activity), result.Reason)
				again := fmt.Sprintf("shop-app-%d started again", n+1)
				if activity == "StopReplicas" {
					require.Contains(t, result.Undone, again)
				} else {
					require.NotContains(t, result.Undone, again, "it runs when the undo comes")
				}
				w.requireServed(t, "id-1", "id-2", "id-3")
			})
			t.Run(fmt.Sprintf("replica %d, %d cancelled in %s", n+1, i, activity), func(t *testing.T) {
				w := three()
				w.cancelIn, w.cancelOn = activity, call
				result, err := w.restartApp(t, func(env *testsuite.TestWorkflowEnvironment) { w.cancel = env.CancelWorkflow })
				require.True(t, temporal.IsCanceledError(err), "%v", err)
				require.Equal(t, RolledBack, result.Outcome)
				w.requireServed(t, "id-1", "id-2", "id-3")
			})
		}
	}
}

func TestRestartThatCannotBePlanned(t *testing.T) {
	w := restarting(replica(1, "running"))
	w.failAt = "PlanRestart"
	result, err := w.restartApp(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, Failed, result.Outcome)
	require.Equal(t, []string{"PlanRestart"}, w.calls)
	w.requireServed(t, "id-1")
}

func TestRestartIsRefused(t *testing.T) {
	w := restarting()
	result, err := w.restartApp(t, undisturbed)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, activities.PreconditionFailed, app.Type())
	require.Equal(t, Refused, result.Outcome)
	require.Equal(t, "app has no container to restart", result.Reason)
	require.Equal(t, scaling.NothingToRestart, result.Refusals[0].Code)
	require.Equal(t, []string{"PlanRestart"}, w.calls)
}

// What could not be put back is named, and one that did not come back gets no traffic.
func TestRestartSaysWhatItCouldNotPutBack(t *testing.T) {
	for name, c := range map[string]struct {
		undo   string
		says   string
		served []string
	}{
		"the router":      {"RouteReplicas", "traffic goes to all replicas again: RouteReplicas says no", []string{"id-2"}},
		"the start":       {"StartAgain", "shop-app-1 started again: StartAgain says no", []string{"id-2"}},
		"it is not ready": {"AwaitReady", "shop-app-1 started again: AwaitReady says no", []string{"id-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := restarting(replica(1, "running"), replica(2, "running"))
			w.failAt, w.failUndo = c.undo, c.undo
			if c.undo == "RouteReplicas" {
				w.failAt = "CheckHealthy"
			}
			result, err := w.restartApp(t, undisturbed)
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, string(RollbackIncomplete), app.Type())
			require.Equal(t, RollbackIncomplete, result.Outcome)
			require.Contains(t, result.Reason, "could not put back: "+c.says)
			require.Equal(t, c.served, w.routed)
		})
	}
}

// While the only replica is away nothing answers, and the plan has said so; it comes back into the router.
func TestRestartOfTheOnlyReplica(t *testing.T) {
	w := restarting(replica(1, "running"))
	result, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Contains(t, result.Warnings, "app has 1 replica: nothing answers while it restarts")
	w.requireServed(t, "id-1")
}

// Somebody has stopped it.
func TestRestartLeavesAStoppedOneAlone(t *testing.T) {
	w := restarting(replica(1, "running"), replica(2, "exited"))
	_, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, append([]string{"PlanRestart"}, one...), w.calls)
	w.requireServed(t, "id-1")
}

// Where none runs all are started, and nothing is drained or stopped.
func TestRestartStartsWhatIsDown(t *testing.T) {
	w := restarting(replica(1, "exited"), replica(2, "exited"))
	result, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Restarted, result.Outcome)
	start := []string{"StartAgain", "AwaitReady", "CheckHealthy", "ObserveReplicas", "RouteReplicas"}
	require.Equal(t, slices.Concat([]string{"PlanRestart"}, start, start), w.calls)
	w.requireServed(t, "id-1", "id-2")
}

// One that was down and does not come up is down again; those before it serve.
func TestRestartStopsAgainWhatWasDown(t *testing.T) {
	for _, step := range []string{"StartAgain", "AwaitReady", "CheckHealthy", "ObserveReplicas", "RouteReplicas"} {
		w := restarting(replica(1, "exited"), replica(2, "exited"))
		w.failAt, w.failOn = step, 2
		result, err := w.restartApp(t, undisturbed)
		require.Error(t, err)
		require.Equal(t, RolledBack, result.Outcome)
		require.Equal(t, "1 of 2 restarted, then: "+step+" says no", result.Reason)
		require.Contains(t, result.Undone, "shop-app-2 stopped again")
		w.requireServed(t, "id-1")
	}
}

// One that hangs is not waited for; its neighbour is.
func TestRestartOfAnUnhealthyOne(t *testing.T) {
	w := restarting(unhealthy(1), replica(2, "running"))
	result, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"id-1"}, w.silent)
	require.Contains(t, result.Warnings, "1 of 2 are unhealthy; the result is judged against that")
	w.requireServed(t, "id-1", "id-2")
}

// One that was unhealthy before and still is when it comes back is as it was.
func TestRestartPutsAnUnhealthyOneBack(t *testing.T) {
	w := restarting(unhealthy(1), replica(2, "running"))
	w.failAt = "AwaitReady"
	w.failUndo = "AwaitReady"
	result, err := w.restartApp(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome, result.Reason)
	w.requireServed(t, "id-1", "id-2")
}

// A queue consumer is told to take no work, and takes some again when the restart is given up.
func TestRestartOfAConsumer(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		w := restarting(replica(1, "running"), replica(2, "running"))
		w.restart.Endpoint.Upstream, w.routed = "", nil
		if cancelled {
			w.cancelIn = "DrainReplicas"
		}
		_, err := w.restartApp(t, func(env *testsuite.TestWorkflowEnvironment) { w.cancel = env.CancelWorkflow })
		require.Equal(t, cancelled, temporal.IsCanceledError(err), "%v", err)
		require.NotContains(t, w.calls, "RouteReplicas")
		w.requireServedUnrouted(t, "id-1", "id-2")
	}
}

func (w *world) requireServedUnrouted(t *testing.T, ids ...string) {
	t.Helper()
	w.routed = slices.Clone(ids)
	w.requireServed(t, ids...)
}

// A consumer that cannot be told drains on SIGTERM, and gets the time for it.
func TestRestartBySignal(t *testing.T) {
	w := restarting(replica(1, "running"))
	w.bySignal = true
	_, err := w.restartApp(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, policy.DrainSeconds, w.grace)
}

// A ledger that is away does not undo what is done.
func TestRestartWithoutALedger(t *testing.T) {
	for what, c := range map[string]struct {
		err     error
		locally []bool
	}{
		"says no": {temporal.NewNonRetryableApplicationError("no such table", activities.PreconditionFailed, errors.New("x")), []bool{true}},
		"is away": {temporal.NewApplicationError("no such host", activities.Unavailable), []bool{true, false}},
	} {
		t.Run(what, func(t *testing.T) {
			w := &lostLedger{world: restarting(replica(1, "running"))}
			w.ledgerErr = c.err
			result, err := follow(t, w, w.world, undisturbed, RestartService, restartOfApp)
			require.NoError(t, err)
			require.Equal(t, Restarted, result.Outcome)
			require.Equal(t, c.locally, slices.Compact(w.locally), "first in this worker, then in any; what says no is not asked again")
			require.Contains(t, result.Warnings, "the ledger does not know how this run ended: "+Reason(c.err))
		})
	}
}

// lostLedger is a world without a ledger; locally says of each attempt to tell it whether it was a local activity.
type lostLedger struct {
	*world
	locally []bool
}

func (l *lostLedger) KeepServiceRun(ctx context.Context, run activities.ServiceRun) error {
	l.locally = append(l.locally, activity.GetInfo(ctx).IsLocalActivity)
	l.kept = nil // every stage tells the same
	return l.world.KeepServiceRun(ctx, run)
}
