package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// up takes the new replicas to where they serve: start → warm-up → healthy → observe → route → verify.
func (r *serviceRun) up(ctx workflow.Context) error {
	var started activities.StartResult
	var docker *activities.Docker
	if err := r.reserve(ctx); err != nil {
		return err
	}
	coming := len(r.change.Start) + len(r.change.Add)
	start := activities.StartRequest{Project: r.project, Change: r.change, MadeBy: workflow.GetInfo(ctx).OriginalRunID}
	r.saga.push(r.startUndone(), func(ctx workflow.Context) error {
		if r.serving {
			return errServing
		}
		return r.do(ctx, "undo: take away the new replicas", changeLimit+r.change.Policy.Stop(), undoTotal, docker.UndoStart, start, nil)
	})
	if err := r.phase(ctx, "start", count(coming, "replica"), func() error {
		return r.do(ctx, "start "+count(coming, "replica"), changeLimit, changeTotal, docker.StartReplicas, start, &started)
	}); err != nil {
		return err
	}
	made := started.Replicas
	if err := r.settle(ctx, "the promised VRAM is being used", activities.VRAMChange{Commit: r.claims(r.change.Add)}); err != nil {
		return err
	}
	if err := r.phase(ctx, "warm-up", names(made), func() error { return r.awaitReady(ctx, made, 0) }); err != nil {
		return err
	}
	if err := r.phase(ctx, "healthy", "", func() error { return r.checkHealthy(ctx, made, false) }); err != nil {
		return err
	}
	if err := r.observe(ctx, made); err != nil {
		return err
	}
	if r.change.Endpoint.Routed() {
		r.saga.push("traffic goes to the old replicas only", func(ctx workflow.Context) error {
			workers, err := r.route(ctx, "undo: route to the old replicas only", r.change.Keep, undoTotal)
			if err != nil {
				r.serving = true
				return err
			}
			_, err = r.drain(ctx, made, activities.DrainRequest{Workers: workers})
			return err
		})
		if err := r.phase(ctx, "route", "", func() error {
			_, err := r.route(ctx, "route to "+count(r.change.To, "replica"), slices.Concat(r.change.Keep, made), changeTotal)
			return err
		}); err != nil {
			return err
		}
	}
	if err := r.phase(ctx, "verify", "", func() error { return r.checkHealthy(ctx, made, true) }); err != nil {
		return err
	}
	return r.settle(ctx, "the replicas have their VRAM", activities.VRAMChange{Ready: r.claims(r.change.Add)})
}

// startUndone says what undoing the start puts back.
func (r *serviceRun) startUndone() string {
	var parts []string
	if n := len(r.change.Add); n > 0 {
		parts = append(parts, fmt.Sprintf("%d new replicas of %s removed", n, r.service))
	}
	if n := len(r.change.Start); n > 0 {
		parts = append(parts, names(r.change.Start)+" stopped again")
	}
	return strings.Join(parts, ", ")
}

// down takes replicas out: unroute → drain → stop, and meanwhile verify that the others are well. They are
// stopped but still there when it returns, so that every step until then can be undone.
func (r *serviceRun) down(ctx workflow.Context) error {
	var workers []int
	leaving, back := r.change.Remove, r.change.Remove
	if r.change.Endpoint.Routed() {
		r.saga.push("traffic goes to all replicas again", func(ctx workflow.Context) error {
			_, err := r.route(ctx, "undo: route to all replicas again", slices.Concat(r.change.Keep, back), undoTotal)
			return err
		})
		if err := r.phase(ctx, "unroute", names(leaving), func() (err error) {
			workers, err = r.route(ctx, "unroute "+names(leaving), r.change.Keep, changeTotal)
			return err
		}); err != nil {
			return err
		}
	}
	r.pushResume(leaving)
	stopping := r.of(leaving)
	if err := r.phase(ctx, "drain", names(leaving), func() error {
		left, err := r.drain(ctx, leaving, activities.DrainRequest{Workers: workers, SilentIsIdle: len(r.healthyBefore(leaving)) == 0})
		stopping.Policy = stopPolicy(stopping.Policy, left)
		return err
	}); err != nil {
		return err
	}
	r.saga.push(names(leaving)+" started again", func(ctx workflow.Context) error {
		err := r.startAgain(ctx, "undo: start "+names(leaving)+" again", leaving)
		if err != nil {
			back = nil // a replica that is not ready must not get traffic back
		}
		return err
	})
	// The others serve alone from here on; that they do is looked at while the leaving ones stop.
	verified := r.verifyKept(ctx)
	if err := r.phase(ctx, "stop", names(leaving), func() error { return r.stop(ctx, leaving, stopping) }); err != nil {
		return err
	}
	return r.phase(ctx, "verify", "", func() error { return verified(ctx) })
}

// reroute repairs the router where there is nothing else to do: a person may have recreated replicas,
// which gives them new addresses.
func (r *serviceRun) reroute(ctx workflow.Context) error {
	if !r.change.Endpoint.Routed() || len(r.change.Keep) == 0 {
		return nil
	}
	return r.phase(ctx, "route", "", func() error {
		_, err := r.route(ctx, "route to "+names(r.change.Keep), r.change.Keep, changeTotal)
		return err
	})
}

// remove deletes what the change leaves behind. It is the point of no return, so a cancellation no
// longer reaches it and it is tried until it succeeds.
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
	return r.phase(ctx, "remove", names(leaving), func() error {
		var docker *activities.Docker
		if err := r.do(ctx, "remove "+names(leaving), changeLimit, 0, docker.RemoveReplicas, r.of(leaving), nil); err != nil {
			return err
		}
		var left []int
		for _, replica := range leaving {
			left = append(left, replica.Number)
		}
		return r.settle(ctx, "VRAM of the removed replicas released", activities.VRAMChange{Release: r.claims(left)})
	})
}
