package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Allowed is what persons said that allows a change of a service which takes more away than a run may by itself. Start is
// set, or Call with Run and RunID.
type Allowed struct {
	// Start is the word that started the change.
	Start *identity.Word `json:"start,omitempty"`
	// Call is the step of a runbook that it is done for, with the approvals, and Run and RunID are that runbook's run.
	Call  *runbook.ActCall `json:"call,omitempty"`
	Run   string           `json:"run,omitempty"`
	RunID string           `json:"run_id,omitempty"`
}

// What a start of a change says, beside the names of its arguments.
const (
	ScaleStep    = "scale"
	BelowMinimum = "--below-min"
	SharedVolume = "--shared-volume"
)

// change is what is about to be done to a service.
type change struct {
	project, service string
	// uses are the operations of runbooks that do such a thing.
	uses []string
	// all are the ids of the service's replicas, live of those that take part in it, and ids of those that are taken away.
	all, live, ids []string
	// staying is how many of those that take part are left.
	staying int
}

// changeHolds is for how long a run that has begun what was allowed may go on with it: no change takes as long, for its
// last steps are tried for a day each.
const changeHolds = 72 * time.Hour

// errNotProven is why a change is refused that nobody is proven to have asked for.
var errNotProven = errors.New("nobody is proven to have asked for it; ask on a host of the configuration, or sign with --sign-key")

// allowed says why persons do not allow a change, in the run that asks; nil is that they do.
func (p *People) allowed(ctx context.Context, a *Allowed, c change, now time.Time) error {
	run := activity.GetInfo(ctx).WorkflowExecution
	switch {
	case a == nil, a.Start == nil && a.Call == nil:
		return Fail(PermissionDenied, errNotProven)
	case a.Call != nil:
		return p.allowedByCall(ctx, a, c, now)
	}
	s := a.Start.Statement
	replicas, err := strconv.Atoi(s.Arguments["replicas"])
	switch {
	case s.Step != ScaleStep || !slices.Contains(c.uses, runbook.ScaleOperation) ||
		s.Arguments["project"] != c.project || s.Arguments["service"] != c.service || s.Arguments[BelowMinimum] != "yes":
		return Fail(PermissionDenied, fmt.Errorf("what %s has said does not take %s below the minimum", s.Who, c.service))
	case err != nil || c.staying < replicas:
		return Fail(PermissionDenied, fmt.Errorf("%s has said that %s replicas of %s stay, and %d would", s.Who, s.Arguments["replicas"], c.service, c.staying))
	}
	trust, err := p.trust(a.Start)
	if err != nil {
		return err
	}
	proof, used, err := p.initiator(ctx, trust, run.ID, run.RunID, a.Start)
	switch {
	case err != nil:
		return err
	case proof == nil || proof.Kind.Machine(): // which starts runbooks, and no change of a service
		return Fail(PermissionDenied, errNotProven)
	case now.Sub(used) > changeHolds:
		return Fail(PermissionDenied, fmt.Errorf("what %s has said was for a change that began at %s", s.Who, used.UTC().Format(time.RFC3339)))
	case len(p.Approvals.Starters) > 0 && !p.inAny(ctx, p.Approvals.Starters, proof.Kind, s.Who, used):
		return p.noStarter(s.Who)
	}
	return nil
}

func (p *People) allowedByCall(ctx context.Context, a *Allowed, c change, now time.Time) error {
	call := a.Call
	replicas, service := 0, fmt.Sprint(call.With["service"])
	if call.Uses == runbook.ScaleOperation {
		var err error
		if replicas, err = strconv.Atoi(fmt.Sprint(call.With["replicas"])); err != nil {
			return Fail(PermissionDenied, fmt.Errorf("the approved number of replicas is none: %w", err))
		}
	}
	if !slices.Contains(c.uses, call.Uses) || service != c.service || call.Project != c.project || c.staying < replicas {
		return Fail(PermissionDenied, fmt.Errorf("what was approved is %s of %s in %s, and not to leave %d replicas of %s", call.Uses, service, call.Project, c.staying, c.service))
	}
	return p.Entitled(ctx, a.Run, a.RunID, *call, now)
}

// inAny says whether an identity was a member of one of some groups at a time.
func (p *People) inAny(ctx context.Context, groups []string, kind identity.Kind, name string, at time.Time) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return p.isIn(ctx, g, kind, name, at, map[string]string{}) })
}

// refuseUnproven adds to the changes of a run a refusal where whoever starts it may not, and where one takes a service
// below its minimum that nobody is proven to have asked for: the host would refuse it later, when half is done.
func (d *Docker) refuseUnproven(ctx context.Context, project *Project, req PlanRequest, changes []scaling.Change) error {
	if err := d.starts(ctx, req.Starter); err != nil {
		return refuseAll(changes, err)
	}
	for i := range changes {
		c := &changes[i]
		needed := len(c.Remove) > 0 && c.To < project.minimum(c.Service)
		if !needed && (req.Allowed == nil || req.Allowed.Call == nil) {
			continue
		}
		said := change{project: project.Name, service: c.Service, uses: []string{runbook.ScaleOperation}, staying: c.To}
		if err := d.People.allowed(ctx, req.Allowed, said, time.Now()); err != nil {
			if err := refuseAll(changes[i:i+1], fmt.Errorf("%s=%d: %w", c.Service, c.To, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuseAll makes refusals of an error that is one; another it returns.
func refuseAll(changes []scaling.Change, err error) error {
	if ClassOf(err) != PermissionDenied {
		return err
	}
	for i := range changes {
		changes[i].Refusals = append(changes[i].Refusals, scaling.Refusal{Code: scaling.NotProven, Message: err.Error()})
	}
	return nil
}

// starts says why a person may not start a run by a name alone; nil is nobody.
func (d *Docker) starts(ctx context.Context, starter *Starter) error {
	if starter == nil {
		return nil
	}
	_, err := d.People.mayStart(ctx, *starter, d.People.Asked(ctx))
	return err
}
