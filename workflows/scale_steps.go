package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

const (
	// changeLimit bounds one attempt at making, starting or removing containers, or at a reload.
	changeLimit = 2 * time.Minute
	// changeTotal bounds all attempts of a step that goes forward: after that the run goes back.
	changeTotal = 10 * time.Minute
	// undoTotal bounds all attempts to put one thing back; after that a person has to.
	undoTotal = time.Hour
	// slack is what an attempt may take beyond the time that the policy gives it.
	slack = time.Minute
)

// up takes the new replicas to where they serve: start → warm-up → healthy → route → verify.
func (r *scaleRun) up(ctx workflow.Context) error {
	var made []scaling.Replica
	var docker *activities.Docker
	if err := r.reserve(ctx); err != nil {
		return err
	}
	start := activities.StartRequest{Change: r.change, MadeBy: workflow.GetInfo(ctx).OriginalRunID}
	r.saga.push(fmt.Sprintf("%d new replicas of %s removed", len(r.change.Add), r.req.Service), func(ctx workflow.Context) error {
		return r.do(ctx, "undo: remove the new replicas", changeLimit+r.change.Policy.Stop(), undoTotal, docker.UndoStart, start, nil)
	})
	if err := r.phase(ctx, "start", count(len(r.change.Add), "replica"), func() error {
		return r.do(ctx, "start "+count(len(r.change.Add), "replica"), changeLimit, changeTotal, docker.StartReplicas, start, &made)
	}); err != nil {
		return err
	}
	if err := r.settle(ctx, "the promised VRAM is being used", activities.VRAMChange{Commit: r.claims(r.change.Add)}); err != nil {
		return err
	}
	if err := r.phase(ctx, "warm-up", names(made), func() error { return r.awaitReady(ctx, made, 0) }); err != nil {
		return err
	}
	if err := r.phase(ctx, "healthy", "", func() error { return r.checkHealthy(ctx, made) }); err != nil {
		return err
	}
	if r.change.Endpoint.Routed() {
		r.saga.push("traffic goes to the old replicas only", func(ctx workflow.Context) error {
			workers, err := r.route(ctx, "undo: route to the old replicas only", r.change.Keep, undoTotal)
			if err != nil {
				return err
			}
			_, err = r.drain(ctx, made, workers)
			return err
		})
		if err := r.phase(ctx, "route", "", func() error {
			_, err := r.route(ctx, "route to "+count(r.change.To, "replica"), slices.Concat(r.change.Keep, made), changeTotal)
			return err
		}); err != nil {
			return err
		}
	}
	if err := r.phase(ctx, "verify", "", func() error { return r.checkHealthy(ctx, made) }); err != nil {
		return err
	}
	return r.settle(ctx, "the replicas have their VRAM", activities.VRAMChange{Ready: r.claims(r.change.Add)})
}

// down takes replicas out: unroute → drain → stop → verify. They are stopped but still there when
// it returns, so that every step until then can be undone.
func (r *scaleRun) down(ctx workflow.Context) error {
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
	r.saga.push(names(leaving)+" may take work again", func(ctx workflow.Context) error {
		var replicas *activities.Replicas
		return r.do(ctx, "undo: resume "+names(leaving), changeLimit, undoTotal, replicas.ResumeReplicas, r.of(leaving), nil)
	})
	stopping := r.of(leaving)
	if err := r.phase(ctx, "drain", names(leaving), func() error {
		left, err := r.drain(ctx, leaving, workers)
		if left.BySignal {
			stopping.Policy.StopSeconds = max(stopping.Policy.StopSeconds, stopping.Policy.DrainSeconds)
		}
		return err
	}); err != nil {
		return err
	}
	r.saga.push(names(leaving)+" started again", func(ctx workflow.Context) error {
		var docker *activities.Docker
		err := r.do(ctx, "undo: start "+names(leaving)+" again", changeLimit, undoTotal, docker.RestartReplicas, r.of(leaving), nil)
		if err == nil {
			err = r.awaitReady(ctx, leaving, undoTotal)
		}
		if err != nil {
			back = nil // a replica that is not ready must not get traffic back
		}
		return err
	})
	if err := r.phase(ctx, "stop", names(leaving), func() error {
		var docker *activities.Docker
		limit := changeLimit + stopping.Policy.Stop()
		return r.do(ctx, "stop "+names(leaving), limit, changeTotal+limit, docker.StopReplicas, stopping, nil)
	}); err != nil {
		return err
	}
	return r.phase(ctx, "verify", "", func() error { return r.checkHealthy(ctx, r.change.Keep) })
}

// reroute repairs the router where there is nothing else to do: a person may have recreated replicas,
// which gives them new addresses.
func (r *scaleRun) reroute(ctx workflow.Context) error {
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
func (r *scaleRun) remove(ctx workflow.Context) error {
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

func (r *scaleRun) awaitReady(ctx workflow.Context, replicas []scaling.Replica, total time.Duration) error {
	var a *activities.Replicas
	return r.do(ctx, "wait until "+names(replicas)+" are ready", r.change.Policy.WarmUp()+slack, total, a.AwaitReady, r.of(replicas), nil)
}

func (r *scaleRun) checkHealthy(ctx workflow.Context, replicas []scaling.Replica) error {
	if len(replicas) == 0 {
		return nil
	}
	var a *activities.Replicas
	return r.do(ctx, "check the health of "+names(replicas), r.change.Policy.Healthy()+slack, 0, a.CheckHealthy, r.of(replicas), nil)
}

// route returns the router's processes from before the change.
func (r *scaleRun) route(ctx workflow.Context, summary string, members []scaling.Replica, total time.Duration) ([]int, error) {
	var a *activities.Router
	var result activities.RouteResult
	err := r.do(ctx, summary, changeLimit, total, a.RouteReplicas, r.of(members), &result)
	return result.Workers, err
}

func (r *scaleRun) drain(ctx workflow.Context, replicas []scaling.Replica, workers []int) (left activities.DrainResult, err error) {
	var a *activities.Replicas
	err = r.do(ctx, "drain "+names(replicas), r.change.Policy.Drain()+slack, 0, a.DrainReplicas,
		activities.DrainRequest{ReplicasRequest: r.of(replicas), Workers: workers}, &left)
	if left.InFlight > 0 {
		r.result.Warnings = append(r.result.Warnings, fmt.Sprintf("%d still in flight on %s when the drain time of %s was over",
			left.InFlight, names(replicas), r.change.Policy.Drain()))
	}
	return left, err
}

// do runs one activity on the host; result may be nil.
func (r *scaleRun) do(ctx workflow.Context, summary string, limit, total time.Duration, activity, request, result any) error {
	return workflow.ExecuteActivity(onHost(ctx, r.req.Host, summary, limit, total), activity, request).Get(ctx, result)
}

func (r *scaleRun) of(replicas []scaling.Replica) activities.ReplicasRequest {
	request := activities.ReplicasRequest{Service: r.req.Service, Policy: r.change.Policy, Endpoint: r.change.Endpoint}
	for _, replica := range replicas {
		request.IDs = append(request.IDs, replica.ID)
	}
	return request
}
