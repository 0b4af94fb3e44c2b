package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ownWorkflows are the operations that are workflows of their own, with what starts them.
var ownWorkflows = map[string]func(*runbookRun, workflow.Context, runbook.ActCall) (runbook.ActResult, error){
	runbook.ScaleOperation:   (*runbookRun).scale,
	runbook.RestartOperation: (*runbookRun).restart,
}

// scale takes a service to a number of replicas by a ScaleService run.
func (r *runbookRun) scale(ctx workflow.Context, call runbook.ActCall) (runbook.ActResult, error) {
	service, _ := call.With["service"].(string)
	number, err := condition.Convert(call.With["replicas"], condition.Int)
	if err != nil {
		return runbook.ActResult{}, temporal.NewNonRetryableApplicationError("replicas "+err.Error(), activities.InvalidInput, nil)
	}
	replicas := int(number.(int64))
	if replicas < 1 && call.Risk != runbook.Destructive && !call.Measured {
		return runbook.ActResult{}, temporal.NewNonRetryableApplicationError(
			service+" to none takes a step with risk: destructive, and a gate that approves it; nothing was done", activities.PreconditionFailed, nil)
	}
	result, err := r.change(ctx, call, service, fmt.Sprintf("%s to %d, for %s", service, replicas, r.state.Run.ID), ScaleService, ScaleRequest{
		Host: r.req.Host, Project: r.project, Service: service, Replicas: replicas, Restore: call.Undo && call.Measured,
		BelowMin: call.Risk == runbook.Destructive, By: r.req.By, Claimed: r.claimed, Why: r.state.Run.ID + " " + call.Path, Until: call.Until, Allowed: r.allows(call),
	})
	outputs := condition.Values{}
	if result.From != nil {
		outputs["from"] = *result.From
	}
	if err != nil {
		return runbook.ActResult{Outputs: outputs}, err // an undo goes back to what there was, also of what failed
	}
	if call.Undo {
		if err := r.compare(ctx, service, replicas); err != nil {
			return runbook.ActResult{}, err
		}
	}
	outputs["to"] = result.To
	return runbook.ActResult{Outcome: runbook.OK, Outputs: outputs, Message: string(result.Outcome)}, nil
}

// allows is what persons said that allows a destructive change; nil where it needs nobody's word.
func (r *runbookRun) allows(call runbook.ActCall) *activities.Allowed {
	if call.Risk != runbook.Destructive {
		return nil
	}
	return &activities.Allowed{Call: &call, Run: r.state.Run.ID, RunID: r.runID}
}

// compare looks whether an undo has left as many replicas as it was to.
func (r *runbookRun) compare(ctx workflow.Context, service string, replicas int) error {
	var docker *activities.Docker
	var plan scaling.Plan
	err := r.queue.run(ctx, looking("see that "+service+" is as before"), lookLimit, docker.PlanScale, activities.PlanRequest{
		Project: r.project, Targets: []scaling.Target{{Service: service, Replicas: replicas}}, Restore: true,
	}, &plan)
	switch {
	case err != nil:
		return fmt.Errorf("whether %s has %d replicas again is not known: %s", service, replicas, Reason(err))
	case plan.Changes[0].From != replicas:
		return fmt.Errorf("%s has %d replicas, and had %d", service, plan.Changes[0].From, replicas)
	}
	return nil
}

// restart restarts a service by a RestartService run.
func (r *runbookRun) restart(ctx workflow.Context, call runbook.ActCall) (runbook.ActResult, error) {
	service, _ := call.With["service"].(string)
	result, err := r.change(ctx, call, service, fmt.Sprintf("restart %s, for %s", service, r.state.Run.ID), RestartService, RestartRequest{
		Host: r.req.Host, Project: r.project, Service: service, By: r.req.By, Claimed: r.claimed, Why: r.state.Run.ID + " " + call.Path, Until: call.Until, Allowed: r.allows(call),
	})
	if err != nil {
		return runbook.ActResult{}, err
	}
	return runbook.ActResult{Outcome: runbook.OK, Outputs: condition.Values{"restarted": result.To}, Message: string(result.Outcome)}, nil
}

// change runs a change of a service as a child, as often as the step's retry says where that is harmless.
func (r *runbookRun) change(ctx workflow.Context, call runbook.ActCall, service, summary string, change, request any) (ServiceResult, error) {
	attempts := 1
	if !call.Once() {
		attempts = max(call.Retry.Attempts, 1)
	}
	pause := max(runbook.Duration(call.Retry.IntervalSeconds), time.Second)
	longest := max(pause, retryCap)
	for attempt := 1; ; attempt++ {
		result, err := r.changeOnce(ctx, call, service, summary, change, request)
		if err == nil || attempt >= attempts || !worthRepeating(err) {
			return result, err
		}
		if err := workflow.Sleep(ctx, pause); err != nil {
			return result, err
		}
		pause = min(2*pause, longest)
	}
}

// worthRepeating says whether a change that has failed may succeed the next time: not what was refused, what ran out
// of time, and what a person has to look at.
func worthRepeating(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && (app.Type() == string(RolledBack) || app.Type() == string(Failed) || app.Type() == activities.Conflict)
}

// changeOnce runs a change of a service as a child. Under the id of that run two of them exclude each other,
// whoever started them. A child that takes longer than the step may is cancelled, and waited for while it puts
// things back. An undo takes the time that it needs: to stop half-way is what it is there to prevent.
func (r *runbookRun) changeOnce(ctx workflow.Context, call runbook.ActCall, service, summary string, change, request any) (ServiceResult, error) {
	id := ServiceID(r.req.Host, r.project, service)
	ctx, cancel := workflow.WithCancel(asServiceChild(ctx, id, summary))
	defer cancel()
	child := workflow.ExecuteChildWorkflow(ctx, change, request)
	over := false
	limit := runbook.Duration(max(call.TimeoutSeconds, 1))
	if !call.Undo {
		timer := workflow.NewTimerWithOptions(ctx, limit, workflow.TimerOptions{Summary: "timeout of " + call.Path})
		workflow.NewSelector(ctx).AddFuture(child, func(workflow.Future) {}).AddFuture(timer, func(timer workflow.Future) {
			if over = timer.Get(ctx, nil) == nil; over {
				cancel()
			}
		}).Select(ctx)
	}
	var result ServiceResult
	err := child.Get(ctx, &result)
	app, failed := errors.AsType[*temporal.ApplicationError](err)
	canceled, stopped := errors.AsType[*temporal.CanceledError](err)
	stopped = stopped && canceled.HasDetails() && canceled.Details(&result) == nil
	if failed && app.HasDetails() && app.Details(&result) != nil {
		result = ServiceResult{} // it is of another kind
	}
	switch {
	case temporal.IsWorkflowExecutionAlreadyStartedError(err):
		return result, temporal.NewNonRetryableApplicationError(id+" is at work; wait for it or cancel it", activities.Conflict, nil)
	case over && (temporal.IsCanceledError(err) || failed && (app.Type() == string(RolledBack) || app.Type() == string(Failed))):
		return result, &overdue{limit}
	case stopped && (result.Outcome == RolledBack || result.Outcome == Failed):
		return result, temporal.NewNonRetryableApplicationError("cancelled; things are as they were before", activities.PreconditionFailed, nil) // who cancels it wants no other attempt
	}
	return result, err
}

// overdue says that a change of a service took too long, and that things were put back.
type overdue struct{ limit time.Duration }

// Error is for people.
func (o *overdue) Error() string {
	return fmt.Sprintf("no end within %s, so it was cancelled; things were put back", o.limit)
}
