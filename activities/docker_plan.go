package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// PlanRequest asks for one plan over several services of one project.
type PlanRequest struct {
	Project  string           `json:"project"`
	Targets  []scaling.Target `json:"targets"`
	BelowMin bool             `json:"below_min,omitempty"`
}

// PlanScale reads the engine and the Compose file and says what the request would do and every
// reason against it. It touches nothing. An engine that cannot be reached is a refusal, not an
// error, so that a person reads it together with the others.
func (d *Docker) PlanScale(ctx context.Context, req PlanRequest) (scaling.Plan, error) {
	defer heartbeat(ctx)()
	plan, err := d.plan(ctx, req)
	return plan, Classify(ctx, err)
}

func (d *Docker) plan(ctx context.Context, req PlanRequest) (scaling.Plan, error) {
	if req.Project != d.Project {
		return scaling.Plan{}, Fail(InvalidInput, fmt.Errorf("this worker serves the project %q on host %s, not %q", d.Project, d.Host, req.Project))
	}
	if len(req.Targets) == 0 {
		return scaling.Plan{}, Fail(InvalidInput, errors.New("no service is named; write SERVICE=N"))
	}
	for i, t := range req.Targets {
		if t.Replicas < 0 {
			return scaling.Plan{}, Fail(InvalidInput, fmt.Errorf("%s: the number of replicas must be 0 or more", t))
		}
		if slices.ContainsFunc(req.Targets[:i], func(o scaling.Target) bool { return o.Service == t.Service }) {
			return scaling.Plan{}, Fail(InvalidInput, fmt.Errorf("%s: the service is named twice", t.Service))
		}
	}
	inventory, err := d.Engine.Inventory(ctx, d.Project)
	if err != nil {
		return d.unreachable(req, err), ctx.Err()
	}
	services, err := d.Compose.Services(ctx)
	if err != nil {
		return scaling.Plan{}, err
	}
	noCompose, err := d.lookUp(ctx, req.Targets, services)
	if err != nil {
		return scaling.Plan{}, err
	}
	plan := scaling.MakePlan(scaling.Request{
		Host: d.Host, Project: d.Project, Targets: req.Targets, BelowMin: req.BelowMin,
		Inventory: inventory, Services: services, Policies: d.Policies, Endpoints: d.Endpoints, NoCompose: noCompose,
	})
	d.VRAM.gate(ctx, plan.Changes)
	return plan, ctx.Err()
}

// lookUp fills in what only the engine and `docker compose` know of the services that are scaled,
// all at once: each `docker compose` costs a process start.
func (d *Docker) lookUp(ctx context.Context, targets []scaling.Target, services []scaling.Service) (noCompose string, err error) {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for i := range services {
		s := &services[i]
		if !slices.ContainsFunc(targets, func(t scaling.Target) bool { return t.Service == s.Name }) {
			continue
		}
		group.Go(func() (err error) {
			s.ImageID, err = d.Engine.ImageID(ctx, s.Image)
			return err
		})
		group.Go(func() (err error) {
			if s.Hash, err = d.Compose.Hash(ctx, s.Name, nil); err != nil {
				mu.Lock()
				defer mu.Unlock()
				noCompose = err.Error()
			}
			return ctx.Err()
		})
	}
	err = group.Wait()
	return noCompose, err
}

func (d *Docker) unreachable(req PlanRequest, err error) scaling.Plan {
	plan := scaling.Plan{Host: d.Host, Project: d.Project}
	for _, t := range req.Targets {
		plan.Changes = append(plan.Changes, scaling.Change{Service: t.Service, To: t.Replicas, Refusals: []scaling.Refusal{{
			Code: scaling.EngineUnreachable, Message: fmt.Sprintf("the Docker engine on %s cannot be asked: %v", d.Host, err),
		}}})
	}
	return plan
}
