package activities

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// cloneParallel is how many containers are made or stopped at once. The engine serialises most of
// the work; beyond four more at once gained nothing.
const cloneParallel = 4

// Rounds is how many times as long as one of them n replicas take to be stopped.
func Rounds(n int) int { return (n + cloneParallel - 1) / cloneParallel }

// ReplicasRequest names replicas of one service.
type ReplicasRequest struct {
	Approved
	Project  string           `json:"project"`
	Service  string           `json:"service"`
	IDs      []string         `json:"ids,omitempty"`
	Policy   scaling.Policy   `json:"policy"`
	Endpoint scaling.Endpoint `json:"endpoint"`
	// UnhealthyBefore are the ids of those that were unhealthy before the change.
	UnhealthyBefore []string `json:"unhealthy_before,omitempty"`
	// Allowed is what persons said that allows to take them away.
	Allowed *Allowed `json:"allowed,omitempty"`
	// Once lets CheckHealthy be content with one look: the replicas were seen to be well a moment ago.
	Once bool `json:"once,omitempty"`
}

// StopReplicas stops replicas: the service's pre_stop hooks, SIGTERM, and SIGKILL after the stop time of the request, but
// not before that of the policy. They stay in place, so that they can be started again. A hook that fails is
// PreconditionFailed, and its replica runs on; a Compose project that cannot be read is Unavailable, because somebody may
// be editing it; what takes the service below its minimum without persons who said so is PermissionDenied.
func (d *Docker) StopReplicas(ctx context.Context, req ReplicasRequest) error {
	defer Heartbeat(ctx)()
	return Classify(ctx, d.stop(ctx, req))
}

func (d *Docker) stop(ctx context.Context, req ReplicasRequest) error {
	hooks, err := d.awaitHooks(ctx, req.Project, req.Service)
	if err != nil {
		return err
	}
	return d.end(ctx, req, hooks, func(err error) error { return err })
}

// end stops the replicas; heard says of each what its stop has come to.
func (d *Docker) end(ctx context.Context, req ReplicasRequest, hooks Hooks, heard func(error) error) error {
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return err
	}
	grace := project.grace(req.Service, req.Policy)
	t := taking{project: req.Project, service: req.Service, ids: req.IDs, allowed: req.Allowed}
	return d.take(ctx, t, func(ctx context.Context, r scaling.Replica) error {
		return heard(d.Engine.Stop(ctx, r.ID, grace, hooks.PreStop))
	})
}

// StartAgainRequest names replicas that were stopped, or that may have been.
type StartAgainRequest struct {
	ReplicasRequest
	// Leaving says that a stop ended without a word: a replica that runs may have been told to end.
	Leaving bool `json:"leaving,omitempty"`
	// Again says that a start has begun before and may not have come to its hooks.
	Again bool `json:"again,omitempty"`
}

// StartAgain starts stopped replicas again, with the service's post_start hooks, and returns the names of those that
// did not run. A retry runs the hooks in replicas that run, too, and names these: the worker may have died between
// their start and their hooks. One that is gone is NotFound, a hook that fails PreconditionFailed; one that can never
// start on this host is InvalidInput or PreconditionFailed.
func (d *Docker) StartAgain(ctx context.Context, req StartAgainRequest) ([]string, error) {
	defer Heartbeat(ctx)()
	started, err := d.startAgain(ctx, req)
	return started, Classify(ctx, err)
}

func (d *Docker) startAgain(ctx context.Context, req StartAgainRequest) (started []string, err error) {
	again := Attempt(ctx) > 1 || req.Leaving || req.Again
	replicas, err := d.Replicas.find(ctx, req.ReplicasRequest)
	if err != nil {
		return nil, err
	}
	for _, r := range replicas {
		if again || !r.Running() {
			started = append(started, r.Name)
		}
	}
	if len(started) == 0 {
		return nil, nil // what was never stopped needs nothing, not even files that can be read
	}
	hooks, err := d.awaitHooks(ctx, req.Project, req.Service)
	if err != nil {
		return nil, err
	}
	if req.Leaving {
		if err := d.awaitEnd(ctx, req.ReplicasRequest, hooks); err != nil {
			return nil, err
		}
	}
	return started, each(ctx, req.IDs, func(ctx context.Context, id string) error {
		return d.Engine.Start(ctx, id, hooks.PostStart, again)
	})
}

// awaitEnd waits for replicas that are on their way out, whose state says nothing of that: to be told again is how.
func (d *Docker) awaitEnd(ctx context.Context, req ReplicasRequest, hooks Hooks) error {
	return d.end(ctx, req, hooks, func(err error) error {
		if ClassOf(err) == PreconditionFailed { // it runs on
			return nil
		}
		return err
	})
}

// hooks are those of a service that the project has now. A replica of a service that is gone from it has none.
func (d *Docker) hooks(ctx context.Context, project, service string) (Hooks, error) {
	of, err := d.Projects.Of(project)
	if err != nil {
		return Hooks{}, err
	}
	hooks, err := of.Compose.Hooks(ctx, service)
	if errors.Is(err, ErrNoService) {
		return Hooks{}, nil
	}
	if err != nil {
		return Hooks{}, fmt.Errorf("hooks of %s: %w", service, err)
	}
	return hooks, nil
}

// awaitHooks are hooks without which a replica that is on its way must not go on. Somebody may just be editing the
// files: what is wrong with them is tried again.
func (d *Docker) awaitHooks(ctx context.Context, project, service string) (Hooks, error) {
	if _, err := d.Projects.Of(project); err != nil {
		return Hooks{}, err
	}
	hooks, err := d.hooks(ctx, project, service)
	return hooks, Fail(Unavailable, err)
}

// RemoveReplicas deletes replicas with their anonymous volumes. It cannot be undone. One that is gone is success, an
// engine that does not answer Unavailable, and one that takes the service below its minimum without persons who said so
// PermissionDenied. What is no replica of the service stays.
func (d *Docker) RemoveReplicas(ctx context.Context, req ReplicasRequest) error {
	defer Heartbeat(ctx)()
	return Classify(ctx, d.remove(ctx, req))
}

func (d *Docker) remove(ctx context.Context, req ReplicasRequest) error {
	t := taking{project: req.Project, service: req.Service, ids: req.IDs, allowed: req.Allowed, forGood: true}
	return d.take(ctx, t, func(ctx context.Context, r scaling.Replica) error { return d.Engine.Remove(ctx, r.ID) })
}

func each[T any](ctx context.Context, all []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cloneParallel)
	for _, one := range all {
		group.Go(func() error { return do(ctx, one) })
	}
	return group.Wait()
}
