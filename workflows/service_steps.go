package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

const (
	// changeLimit bounds one attempt at making, starting or removing containers, or at a reload.
	changeLimit = 2 * time.Minute
	// changeTotal bounds all attempts of a step that goes forward: after that the run goes back. A step that
	// waits gets it beside the time that it waits for, so that an engine may be away meanwhile.
	changeTotal = 10 * time.Minute
	// undoTotal bounds all attempts to put one thing back; after that a person has to.
	undoTotal = time.Hour
	// removeTotal bounds all attempts to remove what a change leaves behind. There is no way back from there, so
	// they go on for long; after that a person has to.
	removeTotal = 24 * time.Hour
	// slack is what an attempt may take beyond the time that the policy gives it.
	slack = time.Minute
)

// wait runs an activity that keeps to a time of its own, which more may be added to for its other attempts.
func (r *serviceRun) wait(ctx workflow.Context, summary string, given, more time.Duration, activity, request, result any) error {
	limit := given + slack
	return r.do(ctx, summary, limit, limit+more, activity, request, result)
}

func (r *serviceRun) awaitReady(ctx workflow.Context, replicas []scaling.Replica, more time.Duration) error {
	if len(replicas) == 0 {
		return nil
	}
	are := "are"
	if len(replicas) == 1 {
		are = "is"
	}
	var a *activities.Replicas
	return r.wait(ctx, fmt.Sprintf("wait until %s %s ready", names(replicas), are), r.change.Policy.WarmUp(), more, a.AwaitReady, r.of(replicas), nil)
}

// checkHealthy checks replicas; once is enough for those that were seen to be well a moment ago.
func (r *serviceRun) checkHealthy(ctx workflow.Context, replicas []scaling.Replica, once bool) error {
	if len(replicas) == 0 {
		return nil
	}
	var a *activities.Replicas
	request := r.of(replicas)
	request.Once = once
	return r.wait(ctx, "check the health of "+names(replicas), r.change.Policy.Healthy(), changeTotal, a.CheckHealthy, request, nil)
}

// route returns the router's processes from before the change.
func (r *serviceRun) route(ctx workflow.Context, summary string, members []scaling.Replica, total time.Duration) ([]int, error) {
	var a *activities.Router
	var result activities.RouteResult
	err := r.do(ctx, summary, changeLimit, total, a.RouteReplicas, r.of(members), &result)
	if result.NotVerified {
		r.warn(activities.ErrNoWayIn.Error())
	}
	return result.Workers, err
}

func (r *serviceRun) drain(ctx workflow.Context, replicas []scaling.Replica, request activities.DrainRequest, more time.Duration) (left activities.DrainResult, err error) {
	var a *activities.Replicas
	request.ReplicasRequest = r.of(replicas)
	summary := "drain " + names(replicas)
	if len(replicas) == 0 {
		summary = "wait for the router's old processes"
	}
	err = r.wait(ctx, summary, r.change.Policy.Drain(), more, a.DrainReplicas, request, &left)
	if left.InFlight > 0 {
		r.warn(fmt.Sprintf("%d still in flight on %s when the drain time of %s was over", left.InFlight, names(replicas), r.change.Policy.Drain()))
	}
	if left.Workers > 0 {
		r.warn(fmt.Sprintf("%d old processes of the router still held requests when the drain time of %s was over", left.Workers, r.change.Policy.Drain()))
	}
	return left, err
}

// untouched says of a route that failed whether the router has what it had.
func untouched(err error) bool {
	if _, refused := activities.RefusalOf(err); refused {
		return true
	}
	var app *temporal.ApplicationError
	var failure activities.RouteFailure
	return errors.As(err, &app) && app.HasDetails() && app.Details(&failure) == nil && failure.Untouched
}

// pushResume lets those take work again that a drain may have told to take none. One that was unhealthy before
// may hang and hear nothing: that it does not answer is how it was.
func (r *serviceRun) pushResume(replicas []scaling.Replica) {
	well := r.healthyBefore(replicas)
	unhealthy := slices.DeleteFunc(slices.Clone(replicas), func(replica scaling.Replica) bool { return slices.ContainsFunc(well, same(replica)) })
	r.saga.push(all(names(replicas)+" may take work again", func(ctx workflow.Context) error {
		var a *activities.Replicas
		if len(unhealthy) > 0 {
			if err := r.do(ctx, "undo: resume "+names(unhealthy), slack, slack, a.ResumeReplicas, r.of(unhealthy), nil); err != nil {
				workflow.GetLogger(ctx).Warn("not resumed", "replicas", names(unhealthy), "error", err)
			}
		}
		if len(well) == 0 {
			return nil
		}
		return r.do(ctx, "undo: resume "+names(well), changeLimit, undoTotal, a.ResumeReplicas, r.of(well), nil)
	}))
}

func same(a scaling.Replica) func(scaling.Replica) bool {
	return func(b scaling.Replica) bool { return a.ID == b.ID }
}

// lookForMissing begins to see which of the replicas that stay have ended meanwhile, and returns what waits for the
// answer and names them. The new ones are not given up for that: fewer would then be left than anybody wanted.
func (r *serviceRun) lookForMissing(ctx workflow.Context) func(workflow.Context) error {
	if len(r.change.Keep) == 0 {
		return func(workflow.Context) error { return nil }
	}
	var a *activities.Replicas
	var missing []string
	future := r.begin(ctx, "see that nothing became of "+names(r.change.Keep), slack, changeTotal, a.MissingReplicas, r.of(r.change.Keep), &missing)
	return func(ctx workflow.Context) error {
		if err := future.Get(ctx, nil); err != nil {
			return err
		}
		for _, what := range missing {
			r.warn(fmt.Sprintf("fewer than %d run: %s", r.change.To, what))
		}
		return nil
	}
}

// warn adds what a person has to know of the result, once.
func (r *serviceRun) warn(text string) {
	if !slices.Contains(r.result.Warnings, text) {
		r.result.Warnings = append(r.result.Warnings, text)
	}
}

// do runs one activity on the host; result may be nil. The first one of a run is its first effect, and carries the
// approval. What a gate of the host refuses becomes a refusal of the run.
func (r *serviceRun) do(ctx workflow.Context, summary string, limit, total time.Duration, activity, request, result any) error {
	r.approved = activities.Approved{}
	o := changing(summary, limit, total)
	err := r.queue.run(ctx, o, o.ScheduleToCloseTimeout, activity, request, result)
	if refusal, ok := activities.RefusalOf(err); ok {
		r.result.Refusals = []scaling.Refusal{refusal}
		r.late = refusal.Code == scaling.ApprovalEnded
	}
	return err
}

// begin is do beside what follows. The result is there once the future is.
func (r *serviceRun) begin(ctx workflow.Context, summary string, limit, total time.Duration, activity, request, result any) workflow.Future {
	o := changing(summary, limit, total)
	return r.queue.begin(ctx, o, o.ScheduleToCloseTimeout, activity, request, result)
}

const nothingDone = "nothing was done"

func (r *serviceRun) of(replicas []scaling.Replica) activities.ReplicasRequest {
	request := activities.ReplicasRequest{
		Approved: r.approved, Project: r.project, Service: r.service, Policy: r.change.Policy, Endpoint: r.change.Endpoint, UnhealthyBefore: r.change.UnhealthyBefore,
	}
	for _, replica := range replicas {
		request.IDs = append(request.IDs, replica.ID)
	}
	return request
}

// observe watches new replicas of which nothing else says that they keep running.
func (r *serviceRun) observe(ctx workflow.Context, replicas []scaling.Replica) error {
	seconds := r.change.ObserveSeconds
	if seconds == 0 {
		return nil
	}
	watched := time.Duration(seconds) * time.Second
	return r.phase(ctx, "observe", watched.String(), func() error {
		var a *activities.Replicas
		return r.wait(ctx, fmt.Sprintf("watch %s for %s", names(replicas), watched), watched, changeTotal, a.ObserveReplicas,
			activities.ObserveRequest{ReplicasRequest: r.of(replicas), Seconds: seconds}, nil)
	})
}

// stopPolicy gives a replica that drains on SIGTERM the drain time for it.
func stopPolicy(p scaling.Policy, left activities.DrainResult) scaling.Policy {
	if left.BySignal {
		p.StopSeconds = max(p.StopSeconds, p.DrainSeconds)
	}
	return p
}

// stopLimit bounds one attempt at stopping n replicas, of which only some are stopped at once.
func stopLimit(p scaling.Policy, n int) time.Duration {
	return changeLimit + p.Stop()*time.Duration(activities.Rounds(n))
}

func (r *serviceRun) stop(ctx workflow.Context, replicas []scaling.Replica, request activities.ReplicasRequest) error {
	var docker *activities.Docker
	request.Allowed = r.allowed
	limit := stopLimit(request.Policy, len(replicas))
	err := r.do(ctx, "stop "+names(replicas), limit, changeTotal+limit, docker.StopReplicas, request, nil)
	r.leaving = isTimeout(err)
	return err
}

// verifyKept begins to check the replicas that stay, and returns what waits for the answer.
func (r *serviceRun) verifyKept(ctx workflow.Context) func(workflow.Context) error {
	kept := r.healthyBefore(r.change.Keep)
	if len(kept) == 0 {
		return func(workflow.Context) error { return nil }
	}
	var a *activities.Replicas
	limit := r.change.Policy.Healthy() + slack
	future := r.begin(ctx, "check the health of "+names(kept), limit, limit+changeTotal, a.CheckHealthy, r.of(kept), nil)
	return func(ctx workflow.Context) error { return future.Get(ctx, nil) }
}

// healthyBefore leaves out what was unhealthy before the change: it is not the change's doing.
func (r *serviceRun) healthyBefore(replicas []scaling.Replica) []scaling.Replica {
	return slices.DeleteFunc(slices.Clone(replicas), func(replica scaling.Replica) bool {
		return slices.Contains(r.change.UnhealthyBefore, replica.ID) || replica.Unhealthy()
	})
}
