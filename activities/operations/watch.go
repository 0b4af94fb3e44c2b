package operations

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Watch looks until it knows whether the condition holds, or the call's time since the activity was first
// scheduled is over. A check that cannot be told ends at that look with the fault; a wait goes on looking. A
// worker that stops hands the watch over, and the next one counts its looks from the beginning.
func (o *Operations) Watch(ctx context.Context, call runbook.WatchCall) (runbook.WatchResult, error) {
	defer activities.Heartbeat(ctx)()
	result, err := o.watch(ctx, call, activities.Since(ctx).Add(runbook.Duration(call.TimeoutSeconds)))
	return result, activities.Classify(ctx, err)
}

func (o *Operations) watch(ctx context.Context, call runbook.WatchCall, deadline time.Time) (runbook.WatchResult, error) {
	if call.Condition.Zero() {
		return runbook.WatchResult{}, activities.Fail(activities.InvalidInput, errors.New("there is no condition to watch"))
	}
	var stopping <-chan struct{}
	if activity.IsActivity(ctx) {
		stopping = activity.GetWorkerStopChannel(ctx)
	}
	rule := runbook.NewWatch(call)
	for {
		begun := time.Now()
		result := o.look(ctx, call)
		if err := ctx.Err(); err != nil {
			return runbook.WatchResult{}, err
		}
		result, over := rule.Look(result, !time.Now().Before(deadline))
		if over {
			return result, nil
		}
		// The last look is at the deadline, not before it.
		timer := time.NewTimer(min(time.Until(begun.Add(rule.Every())), time.Until(deadline)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return runbook.WatchResult{}, ctx.Err()
		case <-stopping:
			timer.Stop()
			return runbook.WatchResult{}, activities.Fail(activities.WorkerStopping, errors.New("the worker stops and hands the watch over"))
		}
	}
}

// look reads what the condition needs and evaluates it once.
func (o *Operations) look(ctx context.Context, call runbook.WatchCall) runbook.WatchResult {
	seen := runbook.Seen{Readings: o.read(ctx, call.Reads)}
	if call.Uses != "" {
		values, err := o.readOne(ctx, call.Project, call.Uses, call.With)
		if err != nil {
			seen.Fault = err.Error()
		}
		seen.Outputs = values
	}
	return call.Judge(seen, time.Now().UTC())
}
