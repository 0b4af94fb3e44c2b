package operations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
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
	every := max(runbook.Duration(call.EverySeconds), time.Second)
	times := max(call.Times, 1)
	if call.Until {
		times = 1
	}
	looks, held := 0, 0
	for {
		begun := time.Now()
		result := o.look(ctx, call)
		if err := ctx.Err(); err != nil {
			return runbook.WatchResult{}, err
		}
		looks++
		result.Looks = looks
		if result.Held {
			held++ // in a row: a check ends at the first look at which it does not
		}
		switch {
		case held >= times, !call.Until && !result.Held:
			return result, nil
		case !time.Now().Before(deadline):
			if result.Held {
				result.Held = false
				result.Fault = fmt.Sprintf("it held at %d looks in a row of %d when the time was over", held, times)
			}
			return result, nil
		}
		// The last look is at the deadline, not before it.
		timer := time.NewTimer(min(time.Until(begun.Add(every)), time.Until(deadline)))
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

// look reads what the condition needs and evaluates it once. What is missing is a fault, never a guess.
func (o *Operations) look(ctx context.Context, call runbook.WatchCall) (result runbook.WatchResult) {
	names := maps.Clone(call.Names)
	if names == nil {
		names = condition.Values{}
	}
	var faults []string
	result.Readings = o.read(ctx, call.Reads)
	for _, c := range call.Reads {
		reading, name := result.Readings[c.Key], strings.TrimPrefix(c.Key, call.Scope)
		if reading.Fault != "" {
			faults = append(faults, name+": "+reading.Fault)
		}
		for output, value := range reading.Values {
			names["probes."+name+"."+output] = value
		}
	}
	if call.Uses != "" {
		values, err := o.readOne(ctx, call.Project, call.Uses, call.With)
		if err != nil {
			faults = append(faults, call.Uses+": "+err.Error())
		}
		result.Outputs = values
		for output, value := range values {
			names["result."+output] = value
		}
	}
	if faults != nil {
		result.Fault = strings.Join(faults, "; ")
		return result
	}
	value, err := call.Condition.Evaluate(names, time.Now().UTC())
	held, ok := value.(bool)
	switch {
	case err != nil:
		result.Fault = err.Error()
	case !ok:
		result.Fault = call.Condition.Text + " is neither true nor false"
	default:
		result.Held = held
	}
	return result
}
