package activities

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// cloneParallel is how many containers are made or stopped at once. The engine serialises most of
// the work; beyond four more at once gained nothing.
const cloneParallel = 4

// ReplicasRequest names replicas of one service.
type ReplicasRequest struct {
	Service  string           `json:"service"`
	IDs      []string         `json:"ids,omitempty"`
	Policy   scaling.Policy   `json:"policy"`
	Endpoint scaling.Endpoint `json:"endpoint"`
}

// StartRequest asks for the new replicas of a change.
type StartRequest struct {
	Change scaling.Change `json:"change"`
	// MadeBy is the id of the workflow run that owns the new replicas.
	MadeBy string `json:"made_by"`
}

// StartReplicas makes and starts the new replicas of a change: the first of a service through
// `docker compose`, all others as copies of a sibling. A retry finds what an earlier attempt made.
func (d *Docker) StartReplicas(ctx context.Context, req StartRequest) ([]scaling.Replica, error) {
	defer heartbeat(ctx)()
	replicas, err := d.start(ctx, req)
	return replicas, Classify(ctx, err)
}

func (d *Docker) start(ctx context.Context, req StartRequest) ([]scaling.Replica, error) {
	c := req.Change
	var made []scaling.Replica
	sibling, numbers := "", c.Add
	if c.Bootstrap {
		first, err := d.bootstrap(ctx, c)
		if err != nil {
			return nil, err
		}
		made, sibling, numbers = append(made, first), first.ID, c.Add[1:]
	} else {
		sibling = c.Sibling.ID
	}
	clones := make([]scaling.Replica, len(numbers))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(cloneParallel)
	for i, number := range numbers {
		group.Go(func() (err error) {
			clones[i], err = d.Engine.Clone(gctx, CloneSpec{
				Project: d.Project, Service: c.Service, Number: number, Sibling: sibling, MadeBy: req.MadeBy, GPU: c.GPU(number),
			})
			if err != nil {
				return fmt.Errorf("replica %d of %s: %w", number, c.Service, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return append(made, clones...), nil
}

// bootstrap removes the leftovers that Compose would start instead, and lets Compose make the first.
func (d *Docker) bootstrap(ctx context.Context, c scaling.Change) (scaling.Replica, error) {
	for _, r := range c.Discard {
		if err := d.Engine.Remove(ctx, r.ID); err != nil {
			return scaling.Replica{}, fmt.Errorf("remove %s: %w", r.Name, err)
		}
	}
	if err := d.Compose.Up(ctx, c.Service, c.Add[0]); err != nil {
		return scaling.Replica{}, err
	}
	inventory, err := d.Engine.Inventory(ctx, d.Project)
	if err != nil {
		return scaling.Replica{}, err
	}
	for _, r := range inventory.Of(c.Service) {
		if r.Number == c.Add[0] && r.Live() {
			return r, nil
		}
	}
	return scaling.Replica{}, Fail(Unavailable, fmt.Errorf("docker compose made no replica %d of %s", c.Add[0], c.Service))
}

// UndoStart removes the replicas that StartReplicas made for the same request, whatever their
// state, and returns their names. It looks them up, because the attempt that made them may have
// died before it could say so.
func (d *Docker) UndoStart(ctx context.Context, req StartRequest) ([]string, error) {
	defer heartbeat(ctx)()
	removed, err := d.undoStart(ctx, req)
	return removed, Classify(ctx, err)
}

func (d *Docker) undoStart(ctx context.Context, req StartRequest) ([]string, error) {
	inventory, err := d.Engine.Inventory(ctx, d.Project)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, r := range inventory.Of(req.Change.Service) {
		first := req.Change.Bootstrap && r.MadeBy == "" && r.Number == req.Change.Add[0]
		if r.MadeBy != req.MadeBy && !first {
			continue
		}
		if err := d.Engine.Stop(ctx, r.ID, req.Change.Policy.Stop(), nil); err != nil {
			return removed, fmt.Errorf("stop %s: %w", r.Name, err)
		}
		if err := d.Engine.Remove(ctx, r.ID); err != nil {
			return removed, fmt.Errorf("remove %s: %w", r.Name, err)
		}
		removed = append(removed, r.Name)
	}
	return removed, nil
}

// StopReplicas stops replicas, with the policy's stop time between SIGTERM and SIGKILL, and leaves
// them in place, so that they can be started again.
func (d *Docker) StopReplicas(ctx context.Context, req ReplicasRequest) error {
	defer heartbeat(ctx)()
	return Classify(ctx, each(ctx, req.IDs, func(ctx context.Context, id string) error {
		return d.Engine.Stop(ctx, id, req.Policy.Stop(), nil)
	}))
}

// RestartReplicas starts stopped replicas again.
func (d *Docker) RestartReplicas(ctx context.Context, req ReplicasRequest) error {
	defer heartbeat(ctx)()
	return Classify(ctx, each(ctx, req.IDs, func(ctx context.Context, id string) error { return d.Engine.Start(ctx, id, nil) }))
}

// RemoveReplicas deletes replicas with their anonymous volumes. It cannot be undone.
func (d *Docker) RemoveReplicas(ctx context.Context, req ReplicasRequest) error {
	defer heartbeat(ctx)()
	return Classify(ctx, each(ctx, req.IDs, d.Engine.Remove))
}

func each(ctx context.Context, ids []string, do func(context.Context, string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cloneParallel)
	for _, id := range ids {
		group.Go(func() error { return do(ctx, id) })
	}
	return group.Wait()
}
