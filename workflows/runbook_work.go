package workflows

import (
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// probeTotal bounds all attempts at reading probes: what cannot be read by then is missing.
const probeTotal = 2 * time.Minute

// read reads probes. When no worker of the host answers, every one of them has no value.
func (r *runbookRun) read(ctx workflow.Context, calls []runbook.ReadCall) map[string]runbook.Reading {
	var readings map[string]runbook.Reading
	ctx = onHost(ctx, r.req.Host, "read "+count(len(calls), "probe"), time.Minute, probeTotal)
	err := workflow.ExecuteActivity(ctx, activities.ReadProbes, calls).Get(ctx, &readings)
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
	limit := runbook.Duration(call.TimeoutSeconds) + slack
	ctx = onHost(ctx, r.req.Host, "look at "+call.Path, limit, 2*limit)
	if err := workflow.ExecuteActivity(ctx, activities.WatchCondition, call).Get(ctx, &result); err != nil {
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
		err = workflow.ExecuteActivity(r.acting(ctx, call), activities.ActOperation, call).Get(ctx, &result)
	}
	if err == nil {
		return result
	}
	return runbook.ActResult{Outcome: outcomeOf(call, err), Message: reason(err)}
}

// takeLimit is how long an operation that must not be done twice waits for a worker to take it.
const takeLimit = 10 * time.Minute

// acting are the options of an operation. One that is not idempotent gets one attempt, and a destructive one as well:
// its approval is for one.
func (r *runbookRun) acting(ctx workflow.Context, call runbook.ActCall) workflow.Context {
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
	unclear := runbook.Failed
	if call.Once() {
		unclear = runbook.Unclear
	}
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	if _, over := errors.AsType[*overdue](err); over {
		return runbook.TimedOut // it was cancelled and put things back, so it did not happen
	}
	switch {
	case errors.As(err, &app) && (app.Type() == activities.Unknown || app.Type() == RollbackIncomplete):
		return runbook.Unclear // of the latter it is known that a person has to look
	case errors.As(err, &app) && app.Type() == activities.WorkerStopping, temporal.IsCanceledError(err):
		return unclear
	case errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return runbook.Failed // nobody took it, so nobody did it
	case errors.As(err, &timeout) && call.Once():
		return runbook.Unclear
	case errors.As(err, &timeout):
		return runbook.TimedOut
	default:
		return runbook.Failed
	}
}
