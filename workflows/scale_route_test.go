package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
)

// A member that no replica is behind goes before anything starts.
func TestScaleUpUnroutesStaleMembersFirst(t *testing.T) {
	w := goingUp()
	w.change.Stale = true
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"preflight", "unroute", "start", "warm-up", "healthy", "route", "verify"}, phases(result))
	require.Equal(t, []string{"RouteReplicas", "DrainReplicas", "StartReplicas"}, w.calls[1:4])
	require.Equal(t, w.running, w.routed)
}

// Where there is nothing else to do, a wrong member is gone from the router's old processes too before the run is over.
func TestRerouteWaitsForOldProcesses(t *testing.T) {
	for stale, calls := range map[bool][]string{false: {"RouteReplicas"}, true: {"RouteReplicas", "DrainReplicas"}} {
		w := goingUp()
		w.change.Add, w.change.To, w.change.Stale = nil, len(w.change.Keep), stale
		result, err := w.run(t, undisturbed)
		require.NoError(t, err)
		require.Equal(t, Unchanged, result.Outcome)
		require.Equal(t, calls, w.calls[1:1+len(calls)])
		require.NotContains(t, w.calls[1+len(calls):], "DrainReplicas")
	}
}

// A router that was refused before it was told anything has nothing to be put back.
func TestRouteThatTouchedNothing(t *testing.T) {
	refused := temporal.NewApplicationErrorWithOptions("nginx -t: unknown directive", activities.PreconditionFailed,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{activities.RouteFailure{Untouched: true}}})
	up := goingUp()
	up.routeErr = refused
	result, err := up.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, RolledBack, result.Outcome)
	require.NotContains(t, result.Undone, "traffic goes to the old replicas only")
	up.requireServed(t, "id-1")

	down := goingDown()
	down.routeErr = refused
	result, err = down.run(t, undisturbed)
	require.Error(t, err)
	require.Equal(t, Failed, result.Outcome, "nothing was touched")
	require.Empty(t, result.Undone)
}

// A replica that was to stay and has ended is named; the new ones are not given up for it.
func TestScaleUpNamesWhatIsMissing(t *testing.T) {
	w := goingUp()
	w.missing = []string{"shop-app-1 is exited"}
	result, err := w.run(t, undisturbed)
	require.NoError(t, err)
	require.Equal(t, Scaled, result.Outcome)
	require.Contains(t, result.Warnings, "fewer than 3 run: shop-app-1 is exited")
}
