package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// StartRequest asks for the new replicas of a change.
type StartRequest struct {
	Approved
	Project string         `json:"project"`
	Change  scaling.Change `json:"change"`
	// MadeBy is the id of the workflow run that owns the new replicas.
	MadeBy string `json:"made_by"`
}

// StartResult says what StartReplicas did.
type StartResult struct {
	// Replicas are the new ones, those that were stopped first.
	Replicas []scaling.Replica `json:"replicas,omitempty"`
	// Removed are the names of the stopped ones that had to go before the first was made; nothing brings them and
	// their anonymous volumes back.
	Removed []string `json:"removed,omitempty"`
}

// StartReplicas makes and starts the new replicas of a change: stopped ones that are as the file says
// are started, the first of a service comes from `docker compose`, all others are copies of a sibling. A
// retry finds what an earlier attempt made. A name or a number that something else holds is Conflict; what the
// Compose file says and this host or its engine cannot do is InvalidInput or PreconditionFailed; an error names the
// stopped replicas that were removed before it.
func (d *Docker) StartReplicas(ctx context.Context, req StartRequest) (StartResult, error) {
	defer Heartbeat(ctx)()
	result, err := d.start(ctx, req)
	if err != nil && len(result.Removed) > 0 {
		err = fmt.Errorf("%w; removed for good before that: %s", err, strings.Join(result.Removed, ", "))
	}
	return result, Classify(ctx, err)
}

func (d *Docker) start(ctx context.Context, req StartRequest) (result StartResult, err error) {
	c := req.Change
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return result, err
	}
	if c.Bootstrap && len(c.Add) == 0 {
		return result, Fail(InvalidInput, errors.New("the first replica of a service is made for a number, and the change has none"))
	}
	if err := d.remember(ctx, req); err != nil {
		return result, err
	}
	if result.Replicas, err = d.startStopped(ctx, req); err != nil {
		return result, err
	}
	sibling, numbers := c.Sibling.ID, c.Add
	if c.Bootstrap {
		if result.Removed, err = d.makeRoom(ctx, project, c); err != nil {
			return result, err
		}
		first, err := d.bootstrap(ctx, project, c)
		if err != nil {
			return result, err
		}
		result.Replicas, sibling, numbers = append(result.Replicas, first), first.ID, c.Add[1:]
	}
	if len(numbers) == 0 {
		return result, nil
	}
	clones, err := d.clone(ctx, project, req, sibling, numbers)
	result.Replicas = append(result.Replicas, clones...)
	return result, err
}

// startStopped starts the replicas that were stopped and are started instead of new ones.
func (d *Docker) startStopped(ctx context.Context, req StartRequest) ([]scaling.Replica, error) {
	if len(req.Change.Start) == 0 {
		return nil, nil
	}
	wanted := map[string]bool{}
	request := ReplicasRequest{Project: req.Project, Service: req.Change.Service}
	for _, r := range req.Change.Start {
		request.IDs = append(request.IDs, r.ID)
		wanted[r.ID] = true
	}
	if _, err := d.startAgain(ctx, StartAgainRequest{ReplicasRequest: request}); err != nil {
		return nil, err
	}
	replicas, err := d.Engine.Replicas(ctx, req.Project, req.Change.Service)
	if err != nil {
		return nil, err
	}
	var started []scaling.Replica
	for _, r := range replicas {
		if wanted[r.ID] {
			started = append(started, r)
		}
	}
	return started, nil
}

func (d *Docker) clone(ctx context.Context, project *Project, req StartRequest, sibling string, numbers []int) ([]scaling.Replica, error) {
	c := req.Change
	files, err := project.Compose.Files(ctx, c.Service)
	if err != nil {
		return nil, fmt.Errorf("configs and secrets of %s: %w", c.Service, err)
	}
	hooks, err := d.hooks(ctx, req.Project, c.Service)
	if err != nil {
		return nil, err
	}
	clones := make([]scaling.Replica, len(numbers))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(cloneParallel)
	for i, number := range numbers {
		group.Go(func() (err error) {
			clones[i], err = d.Engine.Clone(gctx, CloneSpec{
				Project: project.Name, Service: c.Service, Number: number, Sibling: sibling, MadeBy: req.MadeBy, GPU: c.GPU(number),
				Files: files, PostStart: hooks.PostStart,
			})
			if err != nil {
				return fmt.Errorf("replica %d of %s: %w", number, c.Service, err)
			}
			return nil
		})
	}
	return clones, group.Wait()
}

// makeRoom removes the leftovers that Compose would start in place of a new replica, and returns their names.
func (d *Docker) makeRoom(ctx context.Context, project *Project, c scaling.Change) (removed []string, err error) {
	there, err := d.Engine.Replicas(ctx, project.Name, c.Service)
	if err != nil {
		return nil, err
	}
	stale, err := d.stale(ctx, project, c)
	if err != nil {
		return nil, err
	}
	for _, r := range c.Discard {
		if !slices.ContainsFunc(there, func(t scaling.Replica) bool { return t.ID == r.ID }) {
			removed = append(removed, r.Name) // by an attempt before
			continue
		}
		if !slices.ContainsFunc(stale, func(s scaling.Replica) bool { return s.ID == r.ID }) {
			return removed, Fail(PreconditionFailed, fmt.Errorf("%s was to make room for the first replica of %s, and is as the file says: it can be started", r.Name, c.Service))
		}
		if at := slices.IndexFunc(there, scaling.Replica.Live); at >= 0 { // then none has to be made first
			return removed, Fail(PreconditionFailed, fmt.Errorf("%s was to make room for the first replica of %s, and %s runs", r.Name, c.Service, there[at].Name))
		}
		if err := d.Engine.Remove(ctx, r.ID); err != nil {
			return removed, fmt.Errorf("remove %s: %w", r.Name, err)
		}
		removed = append(removed, r.Name)
	}
	return removed, nil
}

// stale are the stopped replicas that this host itself would remove for the change now.
func (d *Docker) stale(ctx context.Context, project *Project, c scaling.Change) ([]scaling.Replica, error) {
	if len(c.Discard) == 0 {
		return nil, nil
	}
	inventory, err := d.Engine.Inventory(ctx, project.Name)
	if err != nil {
		return nil, err
	}
	seen, err := d.lookAt(ctx, project, inventory, []string{c.Service})
	if err != nil {
		return nil, err
	}
	seen.Targets = []scaling.Target{{Service: c.Service, Replicas: c.To}}
	return scaling.MakePlan(seen).Changes[0].Discard, nil
}

// bootstrap lets Compose make the first.
func (d *Docker) bootstrap(ctx context.Context, project *Project, c scaling.Change) (scaling.Replica, error) {
	if err := project.Compose.Up(ctx, c.Service, c.Add[0]); err != nil {
		return scaling.Replica{}, err
	}
	replicas, err := d.Engine.Replicas(ctx, project.Name, c.Service)
	if err != nil {
		return scaling.Replica{}, err
	}
	for _, r := range replicas {
		if r.Number == c.Add[0] && r.Live() {
			return r, nil
		}
	}
	return scaling.Replica{}, Fail(Unavailable, fmt.Errorf("docker compose made no replica %d of %s", c.Add[0], c.Service))
}

// Undone is what became of a start that was taken back, by the names of the replicas.
type Undone struct {
	// Removed are those that the start had made, Stopped those that it had started.
	Removed []string `json:"removed,omitempty"`
	Stopped []string `json:"stopped,omitempty"`
	// Gone are those that the start removed before Compose made the first replica. They do not come back.
	Gone []string `json:"gone,omitempty"`
}

// UndoStart takes back what StartReplicas did for the same request: the replicas that it made are
// removed, whatever their state, and those that it started are stopped again. It looks them up, and what
// is gone for good, because the attempt that made and removed them may have died before it could say so. A pre_stop
// hook that fails is PreconditionFailed, an engine that does not answer Unavailable.
func (d *Docker) UndoStart(ctx context.Context, req StartRequest) (Undone, error) {
	defer Heartbeat(ctx)()
	undone, err := d.undoStart(ctx, req)
	return undone, Classify(ctx, err)
}

func (d *Docker) undoStart(ctx context.Context, req StartRequest) (Undone, error) {
	var undone Undone
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return undone, err
	}
	hooks, err := d.hooks(ctx, req.Project, req.Change.Service)
	if err != nil {
		hooks = Hooks{} // what was made must go, even where the file cannot be read any more
	}
	replicas, err := d.Engine.Replicas(ctx, req.Project, req.Change.Service)
	if err != nil {
		return undone, err
	}
	if req.Change.Bootstrap {
		for _, r := range req.Change.Discard {
			if !slices.ContainsFunc(replicas, func(there scaling.Replica) bool { return there.ID == r.ID }) {
				undone.Gone = append(undone.Gone, r.Name)
			}
		}
	}
	u, err := d.undoing(ctx, req, replicas)
	if err != nil {
		return undone, err
	}
	t := taking{project: req.Project, service: req.Change.Service, ids: slices.Concat(u.made, u.started), forGood: len(u.made) > 0, own: u.own}
	grace := project.grace(req.Change.Service, req.Change.Policy)
	ended := map[string]bool{}
	var mu sync.Mutex
	err = d.take(ctx, t, func(ctx context.Context, r scaling.Replica) error {
		if err := d.Engine.Stop(ctx, r.ID, grace, hooks.PreStop); err != nil {
			return fmt.Errorf("stop %s: %w", r.Name, err)
		}
		if slices.Contains(u.made, r.ID) {
			if err := d.Engine.Remove(ctx, r.ID); err != nil {
				return fmt.Errorf("remove %s: %w", r.Name, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		ended[r.ID] = true
		return nil
	})
	for _, r := range replicas {
		switch {
		case !ended[r.ID]:
		case slices.Contains(u.made, r.ID):
			undone.Removed = append(undone.Removed, r.Name)
		default:
			undone.Stopped = append(undone.Stopped, r.Name)
		}
	}
	return undone, err
}
