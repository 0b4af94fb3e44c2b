package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// observeInterval is how often a replica's life is looked at: a restart stays counted, so that none is missed
// between two looks.
const observeInterval = 500 * time.Millisecond

// ObserveRequest asks for a watch over new replicas.
type ObserveRequest struct {
	ReplicasRequest
	// Seconds is how long.
	Seconds int `json:"seconds"`
}

// ObserveReplicas watches replicas for a time, counted from when the activity was scheduled first. One that
// ends, or that the engine starts again by itself, is PreconditionFailed with how it ended.
func (r *Replicas) ObserveReplicas(ctx context.Context, req ObserveRequest) error {
	defer Heartbeat(ctx)()
	return Classify(ctx, r.observe(ctx, req))
}

func (r *Replicas) observe(ctx context.Context, req ObserveRequest) error {
	until := Since(ctx).Add(time.Duration(req.Seconds) * time.Second)
	err := poll(ctx, until, observeInterval, func(ctx context.Context) (bool, error) {
		replicas, err := r.find(ctx, req.ReplicasRequest)
		if err != nil {
			return false, err
		}
		for _, replica := range replicas {
			if err := r.steady(ctx, replica, Since(ctx)); err != nil {
				return false, err
			}
		}
		return false, nil
	})
	if errors.Is(err, errDeadline) {
		return nil
	}
	return err
}

// steady holds a replica's life against the begin of the watch.
func (r *Replicas) steady(ctx context.Context, replica scaling.Replica, begun time.Time) error {
	if !replica.Running() {
		return r.ended(ctx, replica)
	}
	life, err := r.Engine.Life(ctx, replica.ID, false)
	if err != nil {
		return err
	}
	if life.Restarts == 0 {
		return nil
	}
	words, err := r.Engine.Life(ctx, replica.ID, true)
	if err != nil {
		return err
	}
	return Fail(PreconditionFailed, fmt.Errorf("%s did not keep running: after %s it %s", replica.Name, time.Since(begun).Round(time.Second), words))
}
