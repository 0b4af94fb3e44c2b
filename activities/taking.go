package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// taking is what takes replicas of a service away from those who use them. Whatever stops or removes containers of a
// project says so by one, so that nothing goes that a run may not take.
type taking struct {
	project, service string
	// ids are containers; what is no replica of the service stays.
	ids []string
	// allowed is what persons said.
	allowed *Allowed
	// forGood is that they do not come back.
	forGood bool
	// own says that the run has made or started them itself: to take that back needs nobody's word.
	own bool
}

// take calls do for each replica that is taken, unless that takes away more than a run may by itself: the service keeps as
// many as the minimum of this host's policy says, or persons allow less. What a request says of the policy does not count.
func (d *Docker) take(ctx context.Context, t taking, do func(context.Context, scaling.Replica) error) error {
	replicas, over, err := d.mayTake(ctx, t)
	if err != nil {
		return err
	}
	defer over()
	return each(ctx, replicas, do)
}

// mayTake returns the replicas that are taken. Until over is called they count as gone: what takes others meanwhile must
// not count on them.
func (d *Docker) mayTake(ctx context.Context, t taking) (taken []scaling.Replica, over func(), err error) {
	project, err := d.Projects.Of(t.project)
	if err != nil {
		return nil, nil, err
	}
	d.leaving.Lock()
	defer d.leaving.Unlock()
	replicas, err := d.Engine.Replicas(ctx, t.project, t.service)
	if err != nil {
		return nil, nil, err
	}
	c := change{project: t.project, service: t.service, uses: []string{runbook.ScaleOperation}}
	if !t.forGood {
		c.uses = append(c.uses, runbook.RestartOperation)
	}
	for _, r := range replicas {
		takes, live := slices.Contains(t.ids, r.ID), r.Live() && d.leaving.ids[r.ID] == 0
		if live {
			c.live++
		}
		switch {
		case takes:
			taken, c.ids = append(taken, r), append(c.ids, r.ID)
		case live:
			c.staying++
		}
	}
	if !t.own {
		kept := len(replicas) - len(taken)
		below := c.staying < c.live && c.staying < project.minimum(t.service) || t.forGood && len(taken) > 0 && kept < project.minimum(t.service)
		if err := d.People.letTake(ctx, t.allowed, c, below); err != nil {
			return nil, nil, err
		}
	}
	d.leaving.add(taken, 1)
	return taken, func() {
		d.leaving.Lock()
		defer d.leaving.Unlock()
		d.leaving.add(taken, -1)
	}, nil
}

// letTake says why a change is not allowed. Within the bounds a start needs no word; what a step of a runbook does as a
// destructive one has been approved, and is then nothing else.
func (p *People) letTake(ctx context.Context, a *Allowed, c change, below bool) error {
	switch {
	case a != nil && (below || a.Call != nil) && len(c.ids) > 0:
		return p.claim(ctx, a, c, time.Now())
	case below:
		return Fail(PermissionDenied, fmt.Errorf("%d replicas of %s would be left, below the minimum of its policy: %w", c.staying, c.service, errNotProven))
	}
	return nil
}

// grace is how long a replica has to end: what the request gives it, and not less than the policy of this host.
func (d *Docker) grace(project, service string, asked scaling.Policy) time.Duration {
	if of, err := d.Projects.Of(project); err == nil {
		return max(asked.Stop(), of.restartPolicy(service).Stop())
	}
	return asked.Stop()
}

// mayRestart adds to a restart why persons do not allow it. It takes one replica after the other.
func (d *Docker) mayRestart(ctx context.Context, req RestartPlanRequest, restart *scaling.Restart) error {
	c := change{project: req.Project, service: req.Service, uses: []string{runbook.RestartOperation}}
	for _, r := range restart.Replicas {
		c.ids = append(c.ids, r.ID)
		if r.Live() {
			c.live++
		}
	}
	c.staying = max(c.live-1, 0)
	err := d.People.letTake(ctx, req.Allowed, c, true)
	if ClassOf(err) == PermissionDenied {
		restart.Refusals = append(restart.Refusals, scaling.Refusal{Code: scaling.NotProven, Message: err.Error()})
		return nil
	}
	return err
}
