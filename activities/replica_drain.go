package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// idleInARow is how many times in a row nothing may be in flight before a replica counts as idle:
// one look can fall between a router's hand-over and the replica's count.
const idleInARow = 3

// DrainRequest asks for replicas to finish what they have.
type DrainRequest struct {
	ReplicasRequest
	// Workers are the router's processes that may still send requests to the replicas.
	Workers []int `json:"workers,omitempty"`
	// SilentIsIdle takes a replica that does not answer for one that has nothing at work: a replica that is
	// restarted because it hangs.
	SilentIsIdle bool `json:"silent_is_idle,omitempty"`
}

// DrainResult says what was still at work when the drain ended; all is zero after a full drain.
type DrainResult struct {
	// BySignal says that nothing keeps new work from the replicas before SIGTERM: no router does, and not all of
	// them have said that they take none. The stop has to give them the drain time.
	BySignal bool `json:"by_signal,omitempty"`
	// InFlight is the number of requests or tasks still at work.
	InFlight int `json:"in_flight"`
	// Workers is the number of router processes that may still hold requests to the replicas.
	Workers int `json:"workers"`
}

// DrainReplicas tells queue consumers to take no new work and waits until nothing is in flight on
// any of the replicas and the router's old processes are gone, for the policy's drain time at most.
// Running out of time is a result, not an error: the caller goes on to stop them.
func (r *Replicas) DrainReplicas(ctx context.Context, req DrainRequest) (DrainResult, error) {
	defer Heartbeat(ctx)()
	result, err := r.drain(ctx, req)
	return result, Classify(ctx, err)
}

func (r *Replicas) drain(ctx context.Context, req DrainRequest) (DrainResult, error) {
	deadline := Since(ctx).Add(req.Policy.Drain())
	told, answer, err := r.tell(ctx, req.ReplicasRequest, Product.Drain)
	if err != nil {
		return DrainResult{}, err
	}
	// It cannot be told, and there is no more time to try: SIGTERM tells it.
	silent := answer != nil && (req.SilentIsIdle || !time.Now().Before(deadline)) && noAnswer(answer)
	if answer != nil && !silent {
		return DrainResult{}, answer
	}
	if silent && len(req.Workers) == 0 || !told && !req.Endpoint.Routed() {
		return DrainResult{BySignal: true}, ctx.Err()
	}
	var left DrainResult
	idle := 0
	err = poll(ctx, deadline, pollInterval, func(ctx context.Context) (bool, error) {
		if left, err = r.atWork(ctx, req); err != nil {
			return false, err
		}
		if left.Workers == 0 {
			req.Workers = nil // a process that is gone does not come back
		}
		if left.InFlight > 0 || left.Workers > 0 {
			idle = 0
			return false, nil
		}
		if req.Endpoint.InFlight == "" {
			return req.Endpoint.Routed(), nil // the end of the router's processes is proof, nothing else is
		}
		idle++
		return idle >= idleInARow, nil
	})
	left.BySignal = silent
	if errors.Is(err, errDeadline) {
		return left, nil
	}
	return left, err
}

// noAnswer says whether a replica was silent, instead of saying no.
func noAnswer(err error) bool {
	class := ClassOf(err)
	return class == "" || class == Unavailable
}

// ResumeReplicas lets queue consumers take work again. A replica that is gone is left out. One that does not answer is
// Unavailable, one that refuses the token PermissionDenied.
func (r *Replicas) ResumeReplicas(ctx context.Context, req ReplicasRequest) error {
	defer Heartbeat(ctx)()
	_, answer, err := r.tell(ctx, req, Product.Resume)
	return Classify(ctx, cmp.Or(err, answer))
}

// tell calls every running consumer of the request; told says that there are some and all have said yes, and answer is
// the worst that one of them said otherwise, silence too. With an error nobody was called. Port and path are those of this
// host's configuration and not of the request: the call has the product's token with it.
func (r *Replicas) tell(ctx context.Context, req ReplicasRequest, call func(Product, context.Context, string) error) (told bool, answer, err error) {
	project, err := r.Projects.Of(req.Project)
	if err != nil {
		return false, nil, err
	}
	endpoint := project.Endpoints[req.Service]
	if endpoint.Drain == "" || endpoint.Port == 0 {
		return false, nil, nil
	}
	replicas, err := r.running(ctx, req)
	if err != nil {
		return false, nil, err
	}
	var errs []error
	told = len(replicas) > 0
	for _, replica := range replicas {
		err := call(project.Product, ctx, Address(replica, endpoint.Port, endpoint.Drain))
		if ClassOf(err) == NotFound {
			told = false // the product has no such path
		} else if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", replica.Name, err)) // the others are told all the same
		}
	}
	return told && len(errs) == 0, Worst(errs), nil
}

// atWork counts what may still be in flight. A replica that does not run has nothing; one that does
// not answer is taken to be at work, unless the request says otherwise.
func (r *Replicas) atWork(ctx context.Context, req DrainRequest) (left DrainResult, err error) {
	project, err := r.Projects.Of(req.Project)
	if err != nil {
		return left, err
	}
	if project.Nginx != nil && len(req.Workers) > 0 {
		workers, err := project.Nginx.Serving(ctx, req.Workers)
		if err != nil {
			return left, err
		}
		left.Workers = len(workers)
	}
	if req.Endpoint.InFlight == "" {
		return left, nil
	}
	replicas, err := r.running(ctx, req.ReplicasRequest)
	if err != nil {
		return left, err
	}
	counts := make([]int, len(replicas))
	var group errgroup.Group
	for i, replica := range replicas {
		group.Go(func() error {
			value, ok, err := r.Prober.Gauge(ctx, Address(replica, req.Endpoint.Port, req.Endpoint.Metrics), req.Endpoint.InFlight)
			switch {
			case err != nil && req.SilentIsIdle:
				value = 0
			case err != nil || !ok:
				value = 1
			}
			counts[i] = max(0, int(math.Ceil(value)))
			return nil
		})
	}
	_ = group.Wait() // who does not answer is counted
	for _, n := range counts {
		left.InFlight += n
	}
	return left, ctx.Err()
}

// running returns those replicas of the request that run.
func (r *Replicas) running(ctx context.Context, req ReplicasRequest) ([]scaling.Replica, error) {
	all, err := r.Engine.Replicas(ctx, req.Project, req.Service)
	return slices.DeleteFunc(all, func(replica scaling.Replica) bool {
		return !replica.Running() || !slices.Contains(req.IDs, replica.ID)
	}), err
}
