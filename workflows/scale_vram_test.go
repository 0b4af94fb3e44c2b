package workflows

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// vramWorld is a world whose replicas need VRAM.
type vramWorld struct {
	*world
	refuse   bool
	noGPU    bool
	promised map[string]string // claim → reserved, committed or ready
	pinned   []string
}

func claiming() *vramWorld {
	w := &vramWorld{world: goingUp(), promised: map[string]string{}}
	w.change.Policy.ClaimMB = 2000
	return w
}

func (w *vramWorld) ReserveVRAM(ctx context.Context, req activities.ReserveRequest) ([]scaling.Assignment, error) {
	defer w.begin("ReserveVRAM")()
	if w.refuse {
		return nil, activities.Classify(ctx, activities.Refused(scaling.Refusal{Code: scaling.VRAMHeadroom, Message: "app #2: GPU 0 (GPU-a) needs 2000 MB and is 16 MB short"}))
	}
	if w.noGPU {
		return nil, nil
	}
	var out []scaling.Assignment
	for _, n := range req.Change.Add {
		id := scaling.ClaimID(req.Project, req.Change.Service, n)
		w.promised[id] = "reserved"
		out = append(out, scaling.Assignment{Number: n, GPU: "GPU-a", Claim: id})
	}
	return out, w.call("ReserveVRAM")
}

func (w *vramWorld) SettleVRAM(_ context.Context, change activities.VRAMChange) error {
	for _, id := range change.Commit {
		w.promised[id] = "committed"
	}
	for _, id := range change.Ready {
		w.promised[id] = "ready"
	}
	for _, id := range change.Release {
		delete(w.promised, id)
	}
	return nil
}

func (w *vramWorld) StartReplicas(ctx context.Context, req activities.StartRequest) (activities.StartResult, error) {
	for _, n := range req.Change.Add {
		w.pinned = append(w.pinned, req.Change.GPU(n))
	}
	return w.world.StartReplicas(ctx, req)
}

func TestScaleUpReservesBeforeItStarts(t *testing.T) {
	w := claiming()
	result, err := runIn(t, w, w.world, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"preflight", "gate", "start", "warm-up", "healthy", "route", "verify"}, phases(result))
	require.Equal(t, map[string]string{"shop/app/2": "ready", "shop/app/3": "ready"}, w.promised)
	require.Equal(t, []string{"GPU-a", "GPU-a"}, w.pinned)
}

func TestScaleUpRefusedAtTheGateStartsNothing(t *testing.T) {
	w := claiming()
	w.refuse = true
	result, err := runIn(t, w, w.world, undisturbed)
	require.ErrorContains(t, err, "needs 2000 MB and is 16 MB short")
	require.Equal(t, Refused, result.Outcome)
	require.Equal(t, []scaling.Refusal{{Code: scaling.VRAMHeadroom, Message: "app #2: GPU 0 (GPU-a) needs 2000 MB and is 16 MB short"}}, result.Refusals)
	require.Empty(t, result.Undone, "nothing was promised")
	require.NotContains(t, w.calls, "StartReplicas")
	w.requireAsBefore(t, goingUp())
}

func TestScaleUpThatFailsReleasesItsVRAM(t *testing.T) {
	for _, step := range []string{"StartReplicas", "AwaitReady", "CheckHealthy", "RouteReplicas"} {
		w := claiming()
		w.failAt = step
		_, err := runIn(t, w, w.world, undisturbed)
		require.Error(t, err)
		require.Empty(t, w.promised, step)
	}
}

func TestScaleUpWithoutGPUSettlesNothing(t *testing.T) {
	w := claiming()
	w.noGPU = true
	_, err := runIn(t, w, w.world, undisturbed)
	require.NoError(t, err)
	require.Empty(t, w.promised)
	require.Equal(t, []string{"", ""}, w.pinned)

	w = claiming()
	w.noGPU, w.failAt = true, "AwaitReady"
	result, err := runIn(t, w, w.world, undisturbed)
	require.Error(t, err)
	require.Equal(t, []string{"shop-app-2, shop-app-3 removed"}, result.Undone)
}

// What is promised does not last: members without a replica, which may take long to be drained, go before.
func TestScaleUpReservesRightBeforeTheStart(t *testing.T) {
	w := claiming()
	w.change.Stale = true
	result, err := runIn(t, w, w.world, undisturbed)
	require.NoError(t, err)
	require.Equal(t, []string{"preflight", "unroute", "gate", "start"}, phases(result)[:4])
}

func TestScaleDownReleasesVRAM(t *testing.T) {
	w := &vramWorld{world: goingDown(), promised: map[string]string{"shop/app/2": "ready", "shop/app/3": "ready", "shop/app/1": "ready"}}
	w.change.Policy.ClaimMB = 2000
	_, err := runIn(t, w, w.world, undisturbed)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"shop/app/1": "ready"}, w.promised)
}

// New replicas that the router could not be told to leave alone stay, and keep what they were promised.
func TestScaleUpLeavesWhatStillGetsTraffic(t *testing.T) {
	w := claiming()
	w.failAt, w.failOn, w.failUndo = "CheckHealthy", 2, "RouteReplicas"
	result, err := runIn(t, w, w.world, undisturbed)
	require.Error(t, err)
	require.Equal(t, RollbackIncomplete, result.Outcome)
	require.Contains(t, result.Reason, "traffic goes to the old replicas only: RouteReplicas says no")
	require.Contains(t, result.Reason, "2 new replicas of app removed: the router still sends it requests, so it was left as it is")
	require.NotContains(t, w.calls, "UndoStart")
	require.Equal(t, []string{"id-1", "id-2", "id-3"}, w.running)
	require.Equal(t, map[string]string{"shop/app/2": "committed", "shop/app/3": "committed"}, w.promised)
}
