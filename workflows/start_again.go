package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// startAgain undoes a stop: it starts replicas again and waits until they are ready; those that were unhealthy before
// are not waited for. Each is on its own, so that one that does not come back keeps no other from traffic. It returns
// what it did, those that are back, and what kept the others away.
func (r *serviceRun) startAgain(ctx workflow.Context, replicas []scaling.Replica) (done string, back []scaling.Replica, err error) {
	var docker *activities.Docker
	var a *activities.Replicas
	limit := changeLimit
	if r.leaving {
		limit += r.change.Policy.Stop()
	}
	names := make([][]string, len(replicas))
	starts := r.each(ctx, replicas, "undo: start %s again", limit, undoTotal, docker.StartAgain, func(one activities.ReplicasRequest) any {
		if r.leaving { // it is told to end once more
			one.Allowed = r.allowed
		}
		return activities.StartAgainRequest{ReplicasRequest: one, Leaving: r.leaving, Again: r.starting}
	}, func(i int) any { return &names[i] })
	var started []string
	var faults []error
	for i, replica := range replicas {
		if err := starts[i].Get(ctx, nil); err != nil {
			faults = append(faults, of(replicas, replica, err))
			continue
		}
		started, back = append(started, names[i]...), append(back, replica)
	}
	waited := r.healthyBefore(back)
	waits := r.each(ctx, waited, "wait until %s is ready", r.change.Policy.WarmUp()+slack, r.change.Policy.WarmUp()+slack+undoTotal, a.AwaitReady,
		func(one activities.ReplicasRequest) any { return one }, func(int) any { return nil })
	for i, replica := range waited {
		if err := waits[i].Get(ctx, nil); err != nil {
			faults = append(faults, of(replicas, replica, err))
			back = slices.DeleteFunc(back, same(replica))
		}
	}
	if len(started) > 0 {
		done = strings.Join(started, ", ") + " started again"
	}
	return done, back, errors.Join(faults...)
}

// each begins one activity for each replica, whose name is put into the summary. Result i is there once future i is.
func (r *serviceRun) each(ctx workflow.Context, replicas []scaling.Replica, summary string, limit, total time.Duration, activity any,
	request func(activities.ReplicasRequest) any, result func(i int) any,
) []workflow.Future {
	var begun []workflow.Future
	for i, replica := range replicas {
		one := request(r.of([]scaling.Replica{replica}))
		begun = append(begun, r.begin(ctx, fmt.Sprintf(summary, replica.Name), limit, total, activity, one, result(i)))
	}
	return begun
}

// of says which of several replicas an error is of.
func of(replicas []scaling.Replica, replica scaling.Replica, err error) error {
	if len(replicas) == 1 {
		return err
	}
	return fmt.Errorf("%s: %s", replica.Name, Reason(err))
}
