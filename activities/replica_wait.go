package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

const (
	// pollInterval is how often a replica is asked. Docker's own health check answers only once an
	// interval (30 s by default), so readiness is asked directly. A look costs one to five milliseconds.
	pollInterval = 20 * time.Millisecond
	// healthyInARow is how many health checks in a row must pass before a replica gets traffic.
	healthyInARow = 3
)

// AwaitReady waits until every replica says that it is ready, for the policy's warm-up at most. A
// replica that stops or restarts meanwhile, or is not ready in time, is PreconditionFailed; so is an engine that
// does not answer when the time is over, and before that it is Unavailable.
func (r *Replicas) AwaitReady(ctx context.Context, req ReplicasRequest) error {
	defer Heartbeat(ctx)()
	return Classify(ctx, r.await(ctx, req, req.Policy.WarmUp(), 1, "ready", r.unready))
}

// CheckHealthy waits until the health checks of every replica have passed three times in a row, or once
// where the request is content with that, for the policy's healthy time at most. One that does not get
// there is PreconditionFailed. The engine counts as in AwaitReady.
func (r *Replicas) CheckHealthy(ctx context.Context, req ReplicasRequest) error {
	defer Heartbeat(ctx)()
	inARow := healthyInARow
	if req.Once {
		inARow = 1
	}
	return Classify(ctx, r.await(ctx, req, req.Policy.Healthy(), inARow, "healthy", r.Unhealthy))
}

// await polls until fault answers "" for every replica, inARow times, or the time is over.
func (r *Replicas) await(ctx context.Context, req ReplicasRequest, limit time.Duration, inARow int, word string,
	fault func(context.Context, scaling.Endpoint, scaling.Replica) string,
) error {
	passed, last := 0, ""
	var at scaling.Replica // of which last is said
	deadline := Since(ctx).Add(limit)
	err := poll(ctx, deadline, pollInterval, func(ctx context.Context) (bool, error) {
		replicas, err := r.find(ctx, req)
		if err != nil {
			return false, err
		}
		last = ""
		for _, replica := range replicas {
			if !replica.Running() {
				return false, r.ended(ctx, replica)
			}
			if last = fault(ctx, req.Endpoint, replica); last != "" {
				passed, at = 0, replica
				return false, ctx.Err()
			}
		}
		passed++
		return passed >= inARow, nil
	})
	if errors.Is(err, errDeadline) {
		if last == "" {
			last = "its health checks did not pass long enough"
		}
		return Fail(PreconditionFailed, fmt.Errorf("not %s within %s: %s%s", word, limit, last, r.checked(ctx, at)))
	}
	if late(ctx, err, deadline) {
		return Fail(PreconditionFailed, fmt.Errorf("not %s within %s: %w", word, limit, err))
	}
	return err
}

// ended says how a replica ended, with the end of its log: the replica, and its log with it, may be removed
// next.
func (r *Replicas) ended(ctx context.Context, replica scaling.Replica) error {
	life, err := r.Engine.Life(ctx, replica.ID, true)
	if err != nil {
		return Fail(PreconditionFailed, fmt.Errorf("%s is %s, and no more is known of it: %s", replica.Name, replica.State, err.Error()))
	}
	return Fail(PreconditionFailed, errors.New(replica.Name+" "+life.String()))
}

// checked repeats what the container health check of a replica said last, where it has one that does not pass.
func (r *Replicas) checked(ctx context.Context, replica scaling.Replica) string {
	if replica.Health != "unhealthy" && replica.Health != "starting" {
		return ""
	}
	life, err := r.Engine.Life(ctx, replica.ID, true)
	if err != nil || life.LastCheck == "" {
		return "" // what is known has been said
	}
	return "; the check " + life.LastCheck
}

// find returns the replicas of the request as the engine has them now.
func (r *Replicas) find(ctx context.Context, req ReplicasRequest) ([]scaling.Replica, error) {
	all, err := r.Engine.Replicas(ctx, req.Project, req.Service)
	if err != nil {
		return nil, err
	}
	var found []scaling.Replica
	for _, replica := range all {
		if slices.Contains(req.IDs, replica.ID) && replica.State != "removing" {
			found = append(found, replica)
		}
	}
	if len(found) < len(req.IDs) {
		return nil, Fail(PreconditionFailed, fmt.Errorf("%d of %d replicas of %s are gone; somebody removed them", len(req.IDs)-len(found), len(req.IDs), req.Service))
	}
	return found, nil
}

// unready says why a replica may not get work yet; "" means that it may.
func (r *Replicas) unready(ctx context.Context, e scaling.Endpoint, replica scaling.Replica) string {
	if e.Port == 0 || e.Ready == "" {
		return r.Unhealthy(ctx, e, replica)
	}
	if fault := r.ask(ctx, replica, Address(replica, e.Port, e.Ready)); fault != "" || e.Health != "" {
		return fault
	}
	// Its container check is what says later that it is well; the first word of that takes as long as the warm-up may.
	return starting(replica)
}

func starting(replica scaling.Replica) string {
	if replica.Health == "starting" {
		return replica.Name + " has not passed its container health check yet"
	}
	return ""
}

// Unhealthy says what is wrong with a replica; "" means that it is well. The container's own health check
// counts where it has said something.
func (r *Replicas) Unhealthy(ctx context.Context, e scaling.Endpoint, replica scaling.Replica) string {
	if replica.Health == "unhealthy" {
		return replica.Name + " fails its container health check"
	}
	if e.Port == 0 || e.Health == "" {
		return starting(replica)
	}
	return r.ask(ctx, replica, Address(replica, e.Port, e.Health))
}

func (r *Replicas) ask(ctx context.Context, replica scaling.Replica, url string) string {
	status, err := r.Prober.Get(ctx, url)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: %v", replica.Name, err)
	case status != 200:
		return fmt.Sprintf("%s answers %d to %s", replica.Name, status, url)
	default:
		return ""
	}
}

// Address is the URL of a path on a port of a replica.
func Address(replica scaling.Replica, port int, path string) string {
	return "http://" + net.JoinHostPort(replica.Address, strconv.Itoa(port)) + path
}
