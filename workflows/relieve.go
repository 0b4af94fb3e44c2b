package workflows

import (
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// relieve keeps new work from replicas and lets them finish what they have, while others serve: unroute →
// drain. It returns how they are to be stopped next, and the way back is laid up to their being stopped.
func (r *serviceRun) relieve(ctx workflow.Context, leaving, others []scaling.Replica) (stopping activities.ReplicasRequest, err error) {
	back, stopping := leaving, r.of(leaving)
	// One that hangs is not waited for: that may be why it leaves.
	request := activities.DrainRequest{SilentIsIdle: len(r.healthyBefore(leaving)) == 0}
	if r.change.Endpoint.Routed() {
		r.saga.push(all("traffic goes to all replicas again", func(ctx workflow.Context) error {
			_, err := r.route(ctx, "undo: route to all replicas again", slices.Concat(others, back), undoTotal)
			return err
		}))
		if err := r.phase(ctx, "unroute", names(leaving), func() (err error) {
			request.Workers, err = r.route(ctx, "unroute "+names(leaving), others, changeTotal)
			return err
		}); err != nil {
			if untouched(err) {
				r.saga.pop()
			}
			return stopping, err
		}
	}
	r.pushResume(leaving)
	if err := r.phase(ctx, "drain", names(leaving), func() error {
		left, err := r.drain(ctx, leaving, request, changeTotal)
		stopping.Policy = stopPolicy(stopping.Policy, left)
		return err
	}); err != nil {
		return stopping, err
	}
	r.saga.push(names(leaving)+" started again", func(ctx workflow.Context) (string, error) {
		started, err := r.startAgain(ctx, "undo: start "+names(leaving)+" again", leaving)
		if err != nil {
			back = nil // a replica that is not ready must not get traffic back
		}
		if len(started) == 0 {
			return "", err
		}
		return strings.Join(started, ", ") + " started again", err
	})
	return stopping, nil
}
