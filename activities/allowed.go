package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
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
	// uses is the operation that does it in a runbook.
	uses string
	// staying is how many replicas are left.
	staying int
}

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
	case s.Step != ScaleStep || s.Arguments["project"] != c.project || s.Arguments["service"] != c.service || s.Arguments[BelowMinimum] != "yes":
		return Fail(PermissionDenied, fmt.Errorf("what %s has said does not take %s below the minimum", s.Who, c.service))
	case err != nil || c.staying < replicas:
		return Fail(PermissionDenied, fmt.Errorf("%s has said that %s replicas of %s stay, and %d would", s.Who, s.Arguments["replicas"], c.service, c.staying))
	}
	trust, err := p.trust()
	if err != nil {
		return err
	}
	proof, err := p.initiator(ctx, trust, run.ID, run.RunID, a.Start)
	switch {
	case err != nil:
		return err
	case proof == nil:
		return Fail(PermissionDenied, errNotProven)
	case len(p.Approvals.Starters) > 0 && !p.inAny(p.Approvals.Starters, proof.Kind, s.Who):
		return Fail(PermissionDenied, fmt.Errorf("%s may start nothing here; approvals.starters are %s", s.Who, strings.Join(p.Approvals.Starters, ", ")))
	}
	return nil
}

func (p *People) allowedByCall(ctx context.Context, a *Allowed, c change, now time.Time) error {
	call := a.Call
	replicas, service := c.staying, fmt.Sprint(call.With["service"])
	if call.Uses == runbook.ScaleOperation {
		var err error
		if replicas, err = strconv.Atoi(fmt.Sprint(call.With["replicas"])); err != nil {
			return Fail(PermissionDenied, fmt.Errorf("the approved number of replicas is none: %w", err))
		}
	}
	if call.Uses != c.uses || service != c.service || call.Project != c.project || c.staying < replicas {
		return Fail(PermissionDenied, fmt.Errorf("what was approved is %s of %s in %s, and not to leave %d replicas of %s", call.Uses, service, call.Project, c.staying, c.service))
	}
	return p.Entitled(ctx, a.Run, a.RunID, *call, now)
}

// inAny says whether an identity is a member of one of some groups.
func (p *People) inAny(groups []string, kind identity.Kind, name string) bool {
	return slices.ContainsFunc(groups, func(g string) bool {
		return slices.ContainsFunc(p.Groups[g], func(m string) bool { return p.means(m, kind, name) })
	})
}

// claim allows a change and uses its approval up for the run that asks: another one meets its entry. What the run has
// begun it brings to its end, however long that takes: the approval then counts as of the time of the entry.
func (p *People) claim(ctx context.Context, a *Allowed, c change, now time.Time) error {
	if a.Call == nil { // a start is used up where the run begins
		return p.allowed(ctx, a, c, now)
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	key := fmt.Sprintf("%s/%s/%s.%d.change", a.Run, a.RunID, a.Call.Path, a.Call.Attempt)
	before, err := p.Ledger.Read(ctx, ledger.Filter{KeyPrefix: key, Kind: runbook.StartedKind, Limit: 1})
	if err != nil {
		return err
	}
	if len(before) == 1 && before[0].Key == key {
		if now, err = time.Parse(time.RFC3339, before[0].At); err != nil {
			return err
		}
	}
	if err := p.allowed(ctx, a, c, now); err != nil {
		return err
	}
	data, err := json.Marshal(runbook.StepStarted{
		Runbook: a.Call.Runbook, Step: a.Call.Path, Attempt: a.Call.Attempt, Uses: a.Call.Uses, Arguments: a.Call.With, Risk: a.Call.Risk, PlanSHA256: a.Call.PlanSHA256,
	})
	if err != nil {
		return Fail(InvalidInput, err)
	}
	entry, err := p.Ledger.Append(ctx, ledger.Draft{
		Key: key, At: now.UTC().Format(time.RFC3339), Kind: runbook.StartedKind, Subject: a.Run, WorkflowID: run.ID, RunID: run.RunID, Data: string(data),
	})
	if err == nil && (entry.WorkflowID != run.ID || entry.RunID != run.RunID) {
		err = Fail(PermissionDenied, errors.New("the approval was used up by another run"))
	}
	return err
}

// mayTake says why a run may not take away the replicas of a request: below the minimum of this host's policy persons have
// to allow it, and where they have said something it has to hold. What a request says of the policy does not count.
// forGood is that they do not come back.
func (d *Docker) mayTake(ctx context.Context, req ReplicasRequest, forGood bool) error {
	if req.Allowed == nil && !forGood {
		return nil
	}
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return err
	}
	replicas, err := d.Engine.Replicas(ctx, req.Project, req.Service)
	if err != nil {
		return err
	}
	c := change{project: req.Project, service: req.Service, uses: req.Uses}
	for _, r := range replicas {
		if !slices.Contains(req.IDs, r.ID) {
			c.staying++
		}
	}
	below := c.staying < len(replicas) && c.staying < project.minimum(req.Service)
	switch {
	case forGood && !below:
		return nil
	case req.Allowed == nil:
		return Fail(PermissionDenied, fmt.Errorf("%d replicas of %s would be left, below the minimum of its policy: %w", c.staying, req.Service, errNotProven))
	}
	return d.People.claim(ctx, req.Allowed, c, time.Now())
}

// refuseUnproven adds to the changes of a run a refusal where whoever starts it may not, and where one takes a service
// below its minimum that nobody is proven to have asked for: the host would refuse it later, when half is done.
func (d *Docker) refuseUnproven(ctx context.Context, project *Project, req PlanRequest, changes []scaling.Change) error {
	if err := d.starts(ctx, req.Starter); err != nil {
		return refuseAll(changes, err)
	}
	for i := range changes {
		c := &changes[i]
		if len(c.Remove) == 0 || c.To >= project.minimum(c.Service) {
			continue
		}
		err := d.People.allowed(ctx, req.Allowed, change{project: project.Name, service: c.Service, uses: runbook.ScaleOperation, staying: c.To}, time.Now())
		if err != nil {
			err = refuseAll(changes[i:i+1], fmt.Errorf("%s=%d is below the minimum: %w", c.Service, c.To, err))
		}
		if err != nil {
			return err
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

// starts says why a person may not start a run, and uses up what they have signed; nil is nobody.
func (d *Docker) starts(ctx context.Context, starter *Starter) error {
	if starter == nil {
		return nil
	}
	standing, err := d.People.mayStart(ctx, *starter)
	if err != nil || standing.Proof == nil {
		return err
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	return useStatement(ctx, d.People.Ledger, UsedStatement{
		WorkflowID: run.ID, Subject: run.ID, RunID: run.RunID, At: time.Now(), By: starter.Name,
		Data: UsedStatementData{RunID: run.RunID, Statement: standing.Statement, Proof: *standing.Proof},
	})
}
