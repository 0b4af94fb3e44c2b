package activities

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// taking is what takes replicas of a service away from those who use them. What stops or removes containers of a project
// says so by one, so that nothing goes that a run may not take; but for makeRoom, which has a rule of its own.
type taking struct {
	project, service string
	// ids are containers; what is no replica of the service stays.
	ids []string
	// allowed is what persons said.
	allowed *Allowed
	// forGood is that they do not come back.
	forGood bool
	// own is set where the run takes back what it has itself made or started, and is how many took part in the service
	// before that: as many have to stay, and no more.
	own *int
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
	c, taken, over, err := d.mark(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	keeps := project.minimum(t.service)
	if t.own != nil {
		keeps = min(keeps, *t.own)
	}
	below := c.staying < len(c.live) && c.staying < keeps || t.forGood && len(taken) > 0 && len(c.all)-len(taken) < keeps
	if err := d.People.letTake(ctx, t.allowed, c, below); err != nil {
		over()
		return nil, nil, err
	}
	return taken, over, nil
}

// mark counts the replicas of the service and marks those that are taken, nobody else counting meanwhile.
func (d *Docker) mark(ctx context.Context, t taking) (c change, taken []scaling.Replica, over func(), err error) {
	leaving := d.leaving.of(t.project + "/" + t.service)
	leaving.Lock()
	defer leaving.Unlock()
	replicas, err := d.Engine.Replicas(ctx, t.project, t.service)
	if err != nil {
		return c, nil, nil, err
	}
	c = change{project: t.project, service: t.service, uses: []string{runbook.ScaleOperation}}
	if !t.forGood {
		c.uses = append(c.uses, runbook.RestartOperation)
	}
	for _, r := range replicas {
		c.all = append(c.all, r.ID)
		live := r.Live() && leaving.ids[r.ID] == 0
		if live {
			c.live = append(c.live, r.ID)
		}
		switch {
		case slices.Contains(t.ids, r.ID):
			taken, c.ids = append(taken, r), append(c.ids, r.ID)
		case live:
			c.staying++
		}
	}
	leaving.add(taken, 1)
	return c, taken, func() {
		leaving.Lock()
		defer leaving.Unlock()
		leaving.add(taken, -1)
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
func (p *Project) grace(service string, asked scaling.Policy) time.Duration {
	return max(asked.Stop(), p.restartPolicy(service).Stop())
}

// mayRestart adds to a restart why persons do not allow it. What allows it is used up by the first stop.
func (d *Docker) mayRestart(ctx context.Context, req RestartPlanRequest, restart *scaling.Restart) error {
	err := d.People.allowed(ctx, req.Allowed, change{project: req.Project, service: req.Service, uses: []string{runbook.RestartOperation}}, time.Now())
	if ClassOf(err) == PermissionDenied {
		restart.Refusals = append(restart.Refusals, scaling.Refusal{Code: scaling.NotProven, Message: err.Error()})
		return nil
	}
	return err
}

// leaving has the replicas that are being taken away, by PROJECT/SERVICE.
type leaving struct {
	mu       sync.Mutex
	services map[string]*leavingOne
}

// leavingOne has those of one service, with how often.
type leavingOne struct {
	sync.Mutex
	ids map[string]int
}

func (l *leaving) of(service string) *leavingOne {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.services == nil {
		l.services = map[string]*leavingOne{}
	}
	one, ok := l.services[service]
	if !ok {
		one = &leavingOne{ids: map[string]int{}}
		l.services[service] = one
	}
	return one
}

func (l *leavingOne) add(replicas []scaling.Replica, n int) {
	for _, r := range replicas {
		if l.ids[r.ID] += n; l.ids[r.ID] == 0 {
			delete(l.ids, r.ID)
		}
	}
}
