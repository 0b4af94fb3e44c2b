package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// probeTotal bounds all attempts at reading probes: what cannot be read by then is missing.
const probeTotal = 2 * time.Minute

// read reads probes. When no worker of the host answers, every one of them has no value.
func (r *runbookRun) read(ctx workflow.Context, calls []runbook.ReadCall) map[string]runbook.Reading {
	var readings map[string]runbook.Reading
	err := r.queue.run(ctx, changing("read "+count(len(calls), "probe"), time.Minute, probeTotal), probeTotal, activities.ReadProbes, calls, &readings)
	if err == nil {
		return readings
	}
	readings = map[string]runbook.Reading{}
	for _, c := range calls {
		readings[c.Key] = runbook.Reading{At: workflow.Now(ctx), Fault: Reason(err)}
	}
	return readings
}

// watch looks at a condition in one heartbeating activity, however long it takes.
func (r *runbookRun) watch(ctx workflow.Context, call runbook.WatchCall) runbook.WatchResult {
	var result runbook.WatchResult
	limit := runbook.Duration(call.TimeoutSeconds) + slack
	if err := r.queue.run(ctx, changing("look at "+call.Path, limit, 2*limit), limit, activities.WatchCondition, call, &result); err != nil {
		return runbook.WatchResult{Fault: Reason(err)}
	}
	return result
}

// act does one operation and says whether it happened.
func (r *runbookRun) act(ctx workflow.Context, call runbook.ActCall) runbook.ActResult {
	var result runbook.ActResult
	var err error
	if change, ok := ownWorkflows[call.Uses]; ok {
		result, err = change(r, ctx, call)
	} else {
		err = r.queue.run(ctx, acting(call), actWait, activities.ActOperation, call, &result)
	}
	if err == nil {
		return result
	}
	ended := runbook.ActResult{Outcome: outcomeOf(call, err), Outputs: result.Outputs, Message: Reason(err), NotBegun: notBegun(err)}
	if timeout := new(temporal.TimeoutError); call.Uses == runbook.CommandOperation && !ended.NotBegun && errors.As(err, &timeout) {
		ended.Message += "; what the command started may still run" // until there is a worker again, which ends it
	}
	return ended
}

// notBegun says of an operation that ended with an error that nothing of it was done.
func notBegun(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	refusal, refused := activities.RefusalOf(err)
	return ok && app.Type() == activities.NotBegun || refused && refusal.Code == scaling.ApprovalEnded || notTaken(err) && !tried(err)
}

// actWait is how long an operation waits for a worker to take it. One that none took was not done.
const actWait = 10 * time.Minute

// acting are the options of an operation. One that is not idempotent gets one attempt, and a destructive one as well:
// its approval is for one.
func acting(call runbook.ActCall) workflow.ActivityOptions {
	summary := call.Uses + " of " + call.Path
	if call.Undo {
		summary = "undo " + call.Path + ": " + call.Uses
	}
	attempts := call.Retry.Attempts
	switch {
	case call.Once():
		attempts = 1
	case attempts == 0:
		attempts = defaultAttempts
	}
	interval := max(runbook.Duration(call.Retry.IntervalSeconds), time.Second)
	limit := runbook.Duration(max(call.TimeoutSeconds, 1)) + slack
	return workflow.ActivityOptions{
		Summary: cut(summary, summaryBytes),
		// The activity keeps the time itself, and says better than a timeout what came of it.
		StartToCloseTimeout: limit, ScheduleToCloseTimeout: time.Duration(attempts) * (limit + max(interval, retryCap)), HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: interval, BackoffCoefficient: 2, MaximumInterval: max(interval, retryCap), MaximumAttempts: int32(attempts), //nolint:gosec // bounded when the definition is read
		},
	}
}

const (
	// defaultAttempts is how often an idempotent operation is tried when its step does not say.
	defaultAttempts = 3
	// retryCap bounds the time between attempts.
	retryCap = 30 * time.Second
)

// outcomeOf says of an operation that ended with an error whether it happened.
func outcomeOf(call runbook.ActCall, err error) runbook.StepOutcome {
	unclear := runbook.Failed
	if call.Once() {
		unclear = runbook.Unclear
	}
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var terminated *temporal.TerminatedError
	if _, over := errors.AsType[*overdue](err); over {
		return runbook.TimedOut // it was cancelled and put things back, so it did not happen
	}
	switch {
	case errors.As(err, &app) && (app.Type() == activities.Unknown || app.Type() == string(RollbackIncomplete)):
		return runbook.Unclear // of the latter it is known that a person has to look
	case errors.As(err, &terminated):
		return runbook.Unclear // somebody ended its run from outside, and nothing was put back
	case errors.As(err, &app) && app.Type() == activities.WorkerStopping, temporal.IsCanceledError(err):
		return unclear
	case notTaken(err) && !tried(err):
		return runbook.Failed // nobody took it, so nobody did it
	case errors.As(err, &timeout) && call.Once():
		return runbook.Unclear
	case errors.As(err, &timeout):
		return runbook.TimedOut
	default:
		return runbook.Failed
	}
}
