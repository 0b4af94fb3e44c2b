package workflows

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// up takes the new replicas to where they serve: start → warm-up → healthy → observe → route → verify. VRAM is reserved
// right before the start, as a reservation does not last.
func (r *serviceRun) up(ctx workflow.Context) error {
	var started activities.StartResult
	if err := r.unrouteStale(ctx); err != nil {
		return err
	}
	if err := r.reserve(ctx); err != nil {
		return err
	}
	coming := len(r.change.Start) + len(r.change.Add)
	start := activities.StartRequest{Approved: r.approved, Project: r.project, Change: r.change, MadeBy: workflow.GetInfo(ctx).OriginalRunID}
	r.saga.push(r.startUndone(), func(ctx workflow.Context) (string, error) {
		if r.serving {
			return "", errServing
		}
		return r.takeAway(ctx, start)
	})
	r.touched = true
	if err := r.phase(ctx, "start", count(coming, "replica"), func() error {
		var docker *activities.Docker
		return r.do(ctx, "start "+count(coming, "replica"), changeLimit, changeTotal, docker.StartReplicas, start, &started)
	}); err != nil {
		return err
	}
	made := started.Replicas
	if err := r.settle(ctx, "the promised VRAM is being used", activities.VRAMChange{Commit: r.claims(r.change.Add)}); err != nil {
		return err
	}
	if err := r.phase(ctx, "warm-up", names(made), func() error { return r.awaitReady(ctx, made, changeTotal) }); err != nil {
		return err
	}
	if err := r.phase(ctx, "healthy", "", func() error { return r.checkHealthy(ctx, made, false) }); err != nil {
		return err
	}
	if err := r.observe(ctx, made); err != nil {
		return err
	}
	if r.change.Endpoint.Routed() {
		r.saga.push(all("traffic goes to the old replicas only", func(ctx workflow.Context) error {
			workers, err := r.route(ctx, "undo: route to the old replicas only", r.change.Keep, undoTotal)
			if err != nil {
				r.serving = true
				return err
			}
			_, err = r.drain(ctx, made, activities.DrainRequest{Workers: workers}, undoTotal)
			return err
		}))
		if err := r.phase(ctx, "route", "", func() error {
			_, err := r.route(ctx, "route to "+count(r.change.To, "replica"), slices.Concat(r.change.Keep, made), changeTotal)
			return err
		}); err != nil {
			if untouched(err) {
				r.saga.pop()
			}
			return err
		}
	}
	if err := r.phase(ctx, "verify", "", func() error {
		missing := r.lookForMissing(ctx)
		if err := r.checkHealthy(ctx, made, true); err != nil {
			return err
		}
		return missing(ctx)
	}); err != nil {
		return err
	}
	return r.settle(ctx, "the replicas have their VRAM", activities.VRAMChange{Ready: r.claims(r.change.Add)})
}

// unrouteStale takes members off the router that no replica is behind, and waits until the router's old processes,
// which still know them, are gone: a new replica may get such an address.
func (r *serviceRun) unrouteStale(ctx workflow.Context) error {
	if !r.change.Stale {
		return nil
	}
	return r.phase(ctx, "unroute", "members without a replica", func() error {
		workers, err := r.route(ctx, "route to "+names(r.change.Keep)+" only", r.change.Keep, changeTotal)
		if err != nil {
			return err
		}
		_, err = r.drain(ctx, nil, activities.DrainRequest{Workers: workers}, changeTotal)
		return err
	})
}

// takeAway takes back the start, and says of which replicas. What went for good to make room for the first one is
// named: it cannot be put back.
func (r *serviceRun) takeAway(ctx workflow.Context, start activities.StartRequest) (string, error) {
	var docker *activities.Docker
	var undone activities.Undone
	start.Approved = activities.Approved{} // the way back needs no approval
	err := r.do(ctx, "undo: take away the new replicas", stopLimit(r.change.Policy, len(start.Change.Start)+len(start.Change.Add)), undoTotal, docker.UndoStart, start, &undone)
	if len(undone.Gone) > 0 {
		gone := "removed for good: " + strings.Join(undone.Gone, ", ")
		r.amiss = append(r.amiss, gone)
		r.warn(gone)
	}
	var done []string
	if len(undone.Removed) > 0 {
		done = append(done, strings.Join(undone.Removed, ", ")+" removed")
	}
	if len(undone.Stopped) > 0 {
		done = append(done, strings.Join(undone.Stopped, ", ")+" stopped again")
	}
	return strings.Join(done, ", "), err
}

// startUndone says what undoing the start puts back.
func (r *serviceRun) startUndone() string {
	var parts []string
	if n := len(r.change.Add); n > 0 {
		parts = append(parts, count(n, "new replica")+" of "+r.service+" removed")
	}
	if n := len(r.change.Start); n > 0 {
		parts = append(parts, names(r.change.Start)+" stopped again")
	}
	return strings.Join(parts, ", ")
}

// down takes replicas out: unroute → drain → stop, and meanwhile verify that the others are well. They are
// stopped but still there when it returns, so that every step until then can be undone.
func (r *serviceRun) down(ctx workflow.Context) error {
	leaving := r.change.Remove
	stopping, err := r.relieve(ctx, leaving, r.change.Keep)
	if err != nil {
		return err
	}
	// The others serve alone from here on; that they do is looked at while the leaving ones stop.
	verified := r.verifyKept(ctx)
	began := workflow.Now(ctx)
	if err := r.phase(ctx, "stop", names(leaving), func() error { return r.stop(ctx, leaving, stopping) }); err != nil {
		return err
	}
	return r.phase(ctx, "verify", "", func() error {
		if err := verified(ctx); err != nil || workflow.Now(ctx).Sub(began) < lookAgain {
			return err
		}
		return r.requireKept(ctx)
	})
}

// lookAgain is how long a stop may take until those that stay are looked at once more: they were well when it began.
const lookAgain = time.Second

// requireKept says which of the replicas that stay have ended meanwhile. While those that leave are only stopped, they
// can come back.
func (r *serviceRun) requireKept(ctx workflow.Context) error {
	kept := slices.DeleteFunc(slices.Clone(r.change.Keep), func(replica scaling.Replica) bool { return !replica.Live() })
	if len(kept) == 0 {
		return nil
	}
	missing, err := r.missing(ctx, "see that those that stay still run", kept)
	if err != nil || len(missing) == 0 {
		return err
	}
	return temporal.NewNonRetryableApplicationError(strings.Join(missing, "; "), activities.PreconditionFailed, nil)
}

// reroute repairs the router where there is nothing else to do: a person may have recreated replicas,
// which gives them new addresses. Where somebody else may have their old ones, it ends when no process of the router
// sends requests there any more.
func (r *serviceRun) reroute(ctx workflow.Context) error {
	if !r.change.Endpoint.Routed() || len(r.change.Keep) == 0 {
		return nil
	}
	return r.phase(ctx, "route", "", func() error {
		workers, err := r.route(ctx, "route to "+names(r.change.Keep), r.change.Keep, changeTotal)
		if err != nil || !r.change.Stale {
			return err
		}
		_, err = r.drain(ctx, nil, activities.DrainRequest{Workers: workers}, changeTotal)
		return err
	})
}

// remove deletes what the change leaves behind. It is the point of no return, so a cancellation no
// longer reaches it and it is tried for long.
func (r *serviceRun) remove(ctx workflow.Context) error {
	leaving := slices.Concat(r.change.Remove, r.change.Discard)
	if len(leaving) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	r.saga.steps, r.final = nil, true // some may be gone when others are not: nothing can be put back any more
	return r.phase(ctx, "remove", names(leaving), func() error {
		var docker *activities.Docker
		request := r.of(leaving)
		request.Allowed = r.allowed
		if err := r.do(ctx, "remove "+names(leaving), changeLimit, removeTotal, docker.RemoveReplicas, request, nil); err != nil {
			r.amiss = append(r.amiss, "left behind, as far as they are still there: "+names(leaving))
			return err
		}
		var left []int
		for _, replica := range leaving {
			left = append(left, replica.Number)
		}
		err := r.settle(ctx, "VRAM of the removed replicas released", activities.VRAMChange{Release: r.claims(left)})
		if err != nil {
			r.amiss = append(r.amiss, "their VRAM is still reserved: "+names(leaving))
		}
		return err
	})
}
