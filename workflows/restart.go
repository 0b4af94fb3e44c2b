package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// RestartRequest asks for a restart of all replicas of one service of one host's Compose project.
type RestartRequest struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// By is who asked, such as "anna@gpu-1"; Why is the reason in a sentence.
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Claimed says of a run that starts it that nobody vouches for By.
	Claimed bool `json:"claimed,omitempty"`
	// Until is when the approval of the change ends; zero where it needs none. It is not begun later.
	Until time.Time `json:"until,omitzero"`
	// Allowed is what persons said that allows it; nil where it needs nobody's word.
	Allowed *activities.Allowed `json:"allowed,omitempty"`
}

// RestartService restarts the replicas of a service, one after the other: unroute, drain, stop, start, warm-up,
// healthy, observe, route. While one is away the others serve. Stopped ones beside others that run are left
// alone; where none runs, all are started. A failure or a cancellation brings the replica at work back. Its id
// is ServiceID, so that a service has one change at a time.
func RestartService(ctx workflow.Context, req RestartRequest) (ServiceResult, error) {
	if err := spoken(req.By, req.Why, identity.Said{}); err != nil {
		return ServiceResult{}, err
	}
	run := newServiceRun(req.Host, req.Project, req.Service, ServiceResult{By: req.By, Why: req.Why})
	run.approved.Until = req.Until
	run.allowed = req.Allowed
	run.result.Claimed = req.Claimed || workflow.GetInfo(ctx).ParentWorkflowExecution == nil
	return run.follow(ctx, Restarted, func() error { return run.restart(ctx) })
}

func (r *serviceRun) restart(ctx workflow.Context) error {
	if err := r.planRestart(ctx); err != nil {
		return err
	}
	for i, replica := range r.change.Keep {
		others := slices.Delete(slices.Clone(r.change.Keep), i, i+1)
		if err := r.restartOne(ctx, replica, serving(others)); err != nil {
			return &partly{done: i, of: len(r.change.Keep), err: err}
		}
		r.saga.steps, r.touched = nil, true // it serves again: there is nothing to put back
		r.change.Keep[i].State = "running"
	}
	return nil
}

// partly says how far a restart had come when it failed.
type partly struct {
	done, of int
	err      error
}

// Error is for people; reason takes it as it is.
func (p *partly) Error() string {
	return fmt.Sprintf("%d of %d restarted, then: %s", p.done, p.of, Reason(p.err))
}

// Unwrap is the failure itself.
func (p *partly) Unwrap() error { return p.err }

func (r *serviceRun) planRestart(ctx workflow.Context) error {
	return r.phase(ctx, "preflight", "", func() error {
		var docker *activities.Docker
		var plan scaling.Restart
		request := activities.RestartPlanRequest{Project: r.project, Service: r.service, Allowed: r.allowed}
		if err := r.queue.run(ctx, looking("preflight of "+r.service), lookLimit, docker.PlanRestart, request, &plan); err != nil {
			return err
		}
		n := len(plan.Replicas)
		r.result.To = n
		return r.take(ctx, scaling.Change{
			Service: r.service, From: n, To: n, Keep: plan.Replicas, UnhealthyBefore: plan.UnhealthyBefore, Policy: plan.Policy,
			ObserveSeconds: plan.ObserveSeconds, Endpoint: plan.Endpoint, Refusals: plan.Refusals, Warnings: plan.Warnings,
		})
	})
}

// restartOne takes one replica out, restarts it and takes it in again. One that does not run is only started.
func (r *serviceRun) restartOne(ctx workflow.Context, replica scaling.Replica, others []scaling.Replica) error {
	one := []scaling.Replica{replica}
	if replica.Live() {
		stopping, err := r.relieve(ctx, one, others)
		if err != nil {
			return err
		}
		if err := r.phase(ctx, "stop", replica.Name, func() error { return r.stop(ctx, one, stopping) }); err != nil {
			return err
		}
	} else {
		r.saga.push(all(replica.Name+" stopped again", func(ctx workflow.Context) error {
			if r.serving {
				return errServing
			}
			return r.stop(ctx, one, r.of(one))
		}))
	}
	r.starting, r.touched = true, true
	if err := r.phase(ctx, "start", replica.Name, func() error {
		var docker *activities.Docker
		return r.do(ctx, "start "+replica.Name, changeLimit, changeTotal, docker.StartAgain, activities.StartAgainRequest{ReplicasRequest: r.of(one)}, nil)
	}); err != nil {
		return err
	}
	r.starting = false
	if err := r.phase(ctx, "warm-up", replica.Name, func() error { return r.awaitReady(ctx, one, changeTotal) }); err != nil {
		return err
	}
	if err := r.phase(ctx, "healthy", replica.Name, func() error { return r.checkHealthy(ctx, one, false) }); err != nil {
		return err
	}
	if err := r.observe(ctx, one); err != nil || !r.change.Endpoint.Routed() {
		return err
	}
	if !replica.Live() {
		r.saga.push(all("traffic goes to the others only", func(ctx workflow.Context) error {
			workers, err := r.route(ctx, "undo: route to the others only", others, undoTotal)
			if err != nil {
				r.serving = true
				return err
			}
			_, err = r.drain(ctx, one, activities.DrainRequest{Workers: workers}, undoTotal)
			return err
		}))
	}
	return r.phase(ctx, "route", replica.Name, func() error {
		_, err := r.route(ctx, "route to "+replica.Name+" again", slices.Concat(one, others), changeTotal)
		return err
	})
}

// serving leaves out what is stopped, and all where none runs: what only crashes and comes again serves nobody.
func serving(replicas []scaling.Replica) []scaling.Replica {
	if !slices.ContainsFunc(replicas, scaling.Replica.Running) {
		return nil
	}
	return slices.DeleteFunc(replicas, func(r scaling.Replica) bool { return !r.Live() })
}
