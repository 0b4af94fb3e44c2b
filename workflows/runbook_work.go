package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// The operations that are workflows of their own.
const (
	scaleOperation   = "service.scale"
	restartOperation = "service.restart"
)

// readTotal bounds all attempts at reading probes: what cannot be read by then is missing.
const readTotal = 2 * time.Minute

// read reads probes. When no worker of the host answers, every one of them has no value.
func (r *runbookRun) read(ctx workflow.Context, calls []runbook.ReadCall) map[string]runbook.Reading {
	var readings map[string]runbook.Reading
	var a *activities.Operations
	ctx = onHost(ctx, r.req.Host, "read "+count(len(calls), "probe"), time.Minute, readTotal)
	err := workflow.ExecuteActivity(ctx, a.ReadProbes, calls).Get(ctx, &readings)
	if err == nil {
		return readings
	}
	readings = map[string]runbook.Reading{}
	for _, c := range calls {
		readings[c.Key] = runbook.Reading{At: workflow.Now(ctx), Fault: reason(err)}
	}
	return readings
}

// watch looks at a condition in one heartbeating activity, however long it takes.
func (r *runbookRun) watch(ctx workflow.Context, call runbook.WatchCall) runbook.WatchResult {
	var result runbook.WatchResult
	var a *activities.Operations
	limit := runbook.Duration(call.TimeoutSeconds) + slack
	ctx = onHost(ctx, r.req.Host, "look at "+call.Path, limit, 2*limit)
	if err := workflow.ExecuteActivity(ctx, a.Watch, call).Get(ctx, &result); err != nil {
		return runbook.WatchResult{Fault: reason(err)}
	}
	return result
}

// act does one operation and says whether it happened.
func (r *runbookRun) act(ctx workflow.Context, call runbook.ActCall) runbook.ActResult {
	var result runbook.ActResult
	var err error
	switch call.Uses {
	case scaleOperation:
		result, err = r.scale(ctx, call)
	case restartOperation:
		result, err = r.restart(ctx, call)
	default:
		var a *activities.Operations
		err = workflow.ExecuteActivity(r.acting(ctx, call), a.Act, call).Get(ctx, &result)
	}
	if err == nil {
		return result
	}
	return runbook.ActResult{Outcome: outcomeOf(call, err), Message: reason(err)}
}

// takeLimit is how long an operation that must not be done twice waits for a worker to take it.
const takeLimit = 10 * time.Minute

// acting are the options of an operation. One that is not idempotent gets one attempt.
func (r *runbookRun) acting(ctx workflow.Context, call runbook.ActCall) workflow.Context {
	summary := call.Uses + " of " + call.Path
	if call.Undo {
		summary = "undo " + call.Path + ": " + call.Uses
	}
	attempts := call.Retry.Attempts
	switch {
	case !call.Idempotent:
		attempts = 1
	case attempts == 0:
		attempts = defaultAttempts
	}
	interval := max(runbook.Duration(call.Retry.IntervalSeconds), time.Second)
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: HostQueue(r.req.Host), Summary: cut(summary, summaryBytes), ScheduleToStartTimeout: takeLimit,
		// The activity keeps the time itself, and says better than a timeout what came of it.
		StartToCloseTimeout: runbook.Duration(max(call.TimeoutSeconds, 1)) + slack, HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: interval, BackoffCoefficient: 2, MaximumInterval: max(interval, retryCap), MaximumAttempts: int32(attempts), //nolint:gosec // bounded when the definition is read
		},
	})
}

const (
	// defaultAttempts is how often an idempotent operation is tried when its step does not say.
	defaultAttempts = 3
	// retryCap bounds the time between attempts.
	retryCap = 30 * time.Second
)

// outcomeOf says of an operation that ended with an error whether it happened.
func outcomeOf(call runbook.ActCall, err error) string {
	unclear := runbook.Unclear
	if call.Idempotent {
		unclear = runbook.Failed
	}
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &app) && (app.Type() == activities.Unknown || app.Type() == RollbackIncomplete):
		return runbook.Unclear // of the latter it is known that a person has to look
	case errors.As(err, &app) && app.Type() == activities.WorkerStopping, temporal.IsCanceledError(err):
		return unclear
	case errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return runbook.Failed // nobody took it, so nobody did it
	case errors.As(err, &timeout) && call.Idempotent:
		return runbook.TimedOut
	case errors.As(err, &timeout):
		return runbook.Unclear
	default:
		return runbook.Failed
	}
}

// scale takes a service to a number of replicas by a ScaleService run.
func (r *runbookRun) scale(ctx workflow.Context, call runbook.ActCall) (runbook.ActResult, error) {
	service, _ := call.With["service"].(string)
	replicas, ok := wholeNumber(call.With["replicas"])
	if !ok {
		return runbook.ActResult{}, temporal.NewNonRetryableApplicationError(fmt.Sprintf("replicas %v is no number", call.With["replicas"]), activities.InvalidInput, nil)
	}
	result, err := r.change(ctx, service, fmt.Sprintf("%s to %d, for %s", service, replicas, r.state.Run.ID), ScaleService, ScaleRequest{
		Host: r.req.Host, Project: r.project, Service: service, Replicas: replicas, BelowMin: call.Undo, By: r.req.By, Why: r.state.Run.ID + " " + call.Path,
	})
	if err != nil {
		return runbook.ActResult{}, err
	}
	return runbook.ActResult{
		Outcome: runbook.OK, Outputs: condition.Values{"from": result.From, "to": result.To}, Message: result.Outcome,
	}, nil
}

// restart restarts a service by a RestartService run.
func (r *runbookRun) restart(ctx workflow.Context, call runbook.ActCall) (runbook.ActResult, error) {
	service, _ := call.With["service"].(string)
	result, err := r.change(ctx, service, fmt.Sprintf("restart %s, for %s", service, r.state.Run.ID), RestartService, RestartRequest{
		Host: r.req.Host, Project: r.project, Service: service, By: r.req.By, Why: r.state.Run.ID + " " + call.Path,
	})
	if err != nil {
		return runbook.ActResult{}, err
	}
	return runbook.ActResult{Outcome: runbook.OK, Outputs: condition.Values{"restarted": result.To}, Message: result.Outcome}, nil
}

// change runs a change of a service as a child. Under the id of that run two of them exclude each other,
// whoever started them.
func (r *runbookRun) change(ctx workflow.Context, service, summary string, change, request any) (ServiceResult, error) {
	id := ServiceID(r.req.Host, r.project, service)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, WaitForCancellation: true, StaticSummary: summary,
	})
	var result ServiceResult
	err := workflow.ExecuteChildWorkflow(ctx, change, request).Get(ctx, &result)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		err = temporal.NewNonRetryableApplicationError(id+" is at work; wait for it or cancel it", activities.Conflict, nil)
	}
	return result, err
}

// wholeNumber reads a number that may have been through JSON.
func wholeNumber(v any) (int, bool) {
	switch n := v.(type) {
	case float64:
		return int(n), n == float64(int(n))
	case int64:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}
