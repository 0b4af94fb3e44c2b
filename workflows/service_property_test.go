package workflows

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
)

// consuming makes the service of a world one that nobody sends requests.
func consuming(w *world) *world {
	w.change.Endpoint.Upstream, w.restart.Endpoint.Upstream, w.routed = "", "", nil
	return w
}

// changes are changes of a service of every kind.
var changes = map[string]struct {
	make func() *world
	run  func(*world, *testing.T, func(*testsuite.TestWorkflowEnvironment)) (ServiceResult, error)
}{
	"up": {goingUp, (*world).run},
	"up, some are started": {func() *world {
		w := planned(3, replica(1, "running"), replica(2, "exited"))
		w.change.ObserveSeconds = 10
		return w
	}, (*world).run},
	"up, unrouted":      {func() *world { return consuming(goingUp()) }, (*world).run},
	"down":              {goingDown, (*world).run},
	"down, unrouted":    {func() *world { return consuming(goingDown()) }, (*world).run},
	"down, unhealthy":   {func() *world { return planned(1, unhealthy(1), unhealthy(2)) }, (*world).run},
	"restart":           {func() *world { return restarting(replica(1, "running"), replica(2, "running")) }, (*world).restartApp},
	"restart, unrouted": {func() *world { return consuming(restarting(replica(1, "running"), replica(2, "running"))) }, (*world).restartApp},
	"restart, one ill":  {func() *world { return restarting(unhealthy(1), replica(2, "running")) }, (*world).restartApp},
	"restart, none run": {func() *world { return restarting(replica(1, "exited"), replica(2, "exited")) }, (*world).restartApp},
}

// Whatever fails, and whatever fails while that is put back: a run never says that things are as they were when
// they are not, names what it could not put back, and leaves no traffic to what does not run.
func TestChangesOfServicesTellTheTruth(t *testing.T) {
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			whole := c.make()
			_, err := c.run(whole, t, undisturbed)
			require.NoError(t, err)
			for first := 1; first <= len(whole.calls); first++ {
				if whole.calls[first-1] == "RemoveReplicas" {
					continue // from there on there is no way back
				}
				for second := first; ; second++ {
					w := c.make()
					w.fails = []int{first, second}
					result, err := c.run(w, t, undisturbed)
					require.Error(t, err)
					w.requireTruth(t, c.make(), result, fmt.Sprint("calls ", w.fails, " fail: ", w.calls))
					if second > len(w.calls) {
						break // no call was there any more that could fail
					}
				}
			}
		})
	}
}

func (w *world) requireTruth(t *testing.T, before *world, result ServiceResult, what string) {
	t.Helper()
	require.Subset(t, w.running, w.routed, what)
	require.NotContains(t, w.calls, "RemoveReplicas", what)
	switch result.Outcome {
	case Failed:
		require.Len(t, w.calls, 1, what)
	case RolledBack:
		require.NotContains(t, result.Reason, "could not put back", what)
	case RollbackIncomplete:
		require.Contains(t, result.Reason, "could not put back: ", what)
		return
	default:
		require.Fail(t, string(result.Outcome), what)
	}
	if before.running == nil { // of those that were down the ones that are done serve
		require.ElementsMatch(t, w.running, w.routed, what)
		return
	}
	require.ElementsMatch(t, before.routed, w.routed, what)
	require.ElementsMatch(t, before.running, w.running, what)
	require.Empty(t, w.drainingOf(before.healthy()), what)
}

// healthy are the ids of the replicas that ran well.
func (w *world) healthy() (out []string) {
	for _, r := range slices.Concat(w.change.Keep, w.change.Remove, w.restart.Replicas) {
		if r.Running() && !r.Unhealthy() {
			out = append(out, r.ID)
		}
	}
	return out
}

func (w *world) drainingOf(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(w.draining), func(id string) bool { return !slices.Contains(ids, id) })
}
