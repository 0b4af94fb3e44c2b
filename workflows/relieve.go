package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// relieve keeps new work from replicas and lets them finish what they have, while others serve: unroute →
// drain. It returns how they are to be stopped next, and the way back is laid up to their being stopped.
func (r *serviceRun) relieve(ctx workflow.Context, leaving, others []scaling.Replica) (stopping activities.ReplicasRequest, err error) {
	back, stopping := leaving, r.of(leaving)
	stopping.Approved = activities.Approved{} // it is not the first effect
	// One that hangs is not waited for: that may be why it leaves.
	request := activities.DrainRequest{SilentIsIdle: len(r.healthyBefore(leaving)) == 0}
	if r.change.Endpoint.Routed() {
		r.saga.push("traffic goes to all replicas again", func(ctx workflow.Context) (string, error) {
			to := slices.Concat(others, back)
			_, err := r.route(ctx, "undo: route to all replicas again", to, undoTotal)
			switch {
			case err != nil || len(to) == 0:
				return "", err
			case len(back) < len(leaving):
				return "traffic goes to " + names(to) + " again", nil
			default:
				return "traffic goes to all replicas again", nil
			}
		})
		err := r.phase(ctx, "unroute", names(leaving), func() (err error) {
			request.Workers, err = r.route(ctx, "unroute "+names(leaving), others, changeTotal)
			return err
		})
		if untouched(err) {
			r.saga.pop()
			return stopping, err
		}
		r.touched = true
		if err != nil {
			return stopping, err
		}
	}
	r.pushResume(leaving)
	r.touched = true
	if err := r.phase(ctx, "drain", names(leaving), func() error {
		left, err := r.drain(ctx, leaving, request, changeTotal)
		stopping.Policy = stopPolicy(stopping.Policy, left)
		return err
	}); err != nil {
		return stopping, err
	}
	r.saga.push(names(leaving)+" started again", func(ctx workflow.Context) (done string, err error) {
		done, back, err = r.startAgain(ctx, leaving) // one that is not ready must not get traffic back
		return done, err
	})
	return stopping, nil
}
