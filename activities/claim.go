package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// ServiceTaking is the kind of the ledger's entry by which a host uses up an approval to take replicas of a service away,
// before it does. No run keeps entries of this kind.
const ServiceTaking = "service.taking"

// ServiceTakingData is its data.
type ServiceTakingData struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// Runbook, Step, Attempt and Uses are what was approved.
	Runbook string `json:"runbook"`
	Step    string `json:"step"`
	Attempt int    `json:"attempt"`
	Uses    string `json:"uses"`
	// Replicas are the ids of those that may be taken away; of an entry about one replica, that one.
	Replicas []string `json:"replicas"`
}

// claim allows a change and uses its approval up for the run that asks: another one meets its entry. What the run has
// begun it brings to its end, and nothing beyond that: the approval then counts as of the time of the entry, for the
// replicas that are named there. A start is used up where the run begins.
func (p *People) claim(ctx context.Context, a *Allowed, c change, now time.Time) error {
	if a.Call == nil {
		return p.allowed(ctx, a, c, now)
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	key := fmt.Sprintf("%s/%s/%s.%d.change", a.Run, a.RunID, a.Call.Path, a.Call.Attempt)
	before, err := p.entry(ctx, key, ServiceTaking)
	if err == nil && before != nil {
		now, err = begun(*before, run, c, now)
	}
	if err != nil {
		return err
	}
	if err := p.allowed(ctx, a, c, now); err != nil {
		return err
	}
	data := ServiceTakingData{
		Host: p.Host, Project: c.project, Service: c.service, Runbook: a.Call.Runbook, Step: a.Call.Path, Attempt: a.Call.Attempt, Uses: a.Call.Uses, Replicas: c.ids,
	}
	if a.Call.Uses == runbook.RestartOperation {
		data.Replicas = c.all
	}
	if before == nil {
		if err := p.take(ctx, key, data, run, now); err != nil {
			return err
		}
	}
	if a.Call.Uses != runbook.RestartOperation {
		return nil
	}
	return p.oneByOne(ctx, key, data, c, run, now)
}

// begun is when a run began the change that an entry is about, unless what it is about to do is no part of that.
func begun(e ledger.Entry, run workflow.Execution, c change, now time.Time) (time.Time, error) {
	data, at, err := said[ServiceTakingData](e)
	if err != nil {
		return at, err
	}
	switch {
	case e.WorkflowID != run.ID || e.RunID != run.RunID:
		err = errors.New("the approval was used up by another run")
	case now.Sub(at) > changeHolds:
		err = fmt.Errorf("the approval was for a change that began at %s", e.At)
	case slices.ContainsFunc(c.ids, func(id string) bool { return !slices.Contains(data.Replicas, id) }):
		err = fmt.Errorf("the change of %s that began at %s is one of other replicas", c.service, e.At)
	}
	return at, Fail(PermissionDenied, err)
}

// oneByOne lets a restart stop one replica, once those that it has stopped before are back.
func (p *People) oneByOne(ctx context.Context, key string, data ServiceTakingData, c change, run workflow.Execution, now time.Time) error {
	away, err := p.Ledger.Read(ctx, ledger.Filter{KeyPrefix: key + "/", Kind: ServiceTaking, Limit: mostReplicas})
	if err != nil {
		return err
	}
	var leaving []string
	for _, id := range c.all {
		stopped := slices.ContainsFunc(away, func(e ledger.Entry) bool { return e.Key == key+"/"+id }) && !slices.Contains(c.live, id)
		if slices.Contains(c.ids, id) || stopped {
			leaving = append(leaving, id)
		}
	}
	if len(leaving) > 1 {
		return Fail(PermissionDenied, fmt.Errorf("a restart takes one replica of %s at a time, and these %d would be away", c.service, len(leaving)))
	}
	for _, id := range c.ids {
		data.Replicas = []string{id}
		if err := p.take(ctx, key+"/"+id, data, run, now); err != nil {
			return err
		}
	}
	return nil
}

// mostReplicas bounds how many replicas of one service are counted; Compose itself gives up before.
const mostReplicas = 1000

// take writes the entry. That it is there already is no fault where this run has written it.
func (p *People) take(ctx context.Context, key string, data ServiceTakingData, run workflow.Execution, now time.Time) error {
	first, err := p.tell(ctx, key, ServiceTaking, "", now, data)
	if err != nil || first {
		return err
	}
	there, err := p.entry(ctx, key, ServiceTaking)
	if err == nil && (there == nil || there.WorkflowID != run.ID || there.RunID != run.RunID) {
		err = Fail(PermissionDenied, errors.New("the approval was used up by another run"))
	}
	return err
}
