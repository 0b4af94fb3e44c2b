package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ServiceStarting is the kind of the ledger's entry by which a host says, before it starts replicas for a run, what it was
// like before and what bears no mark of the run: an undo goes by it. No run keeps entries of this kind.
const ServiceStarting = "service.starting"

// ServiceStartingData is its data.
type ServiceStartingData struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// MadeBy is the mark of the new replicas, and Live how many replicas took part in the service before.
	MadeBy string `json:"made_by"`
	Live   int    `json:"live"`
	// Started are the ids of stopped replicas that are started, First the number of the one that Compose makes; 0 where
	// it makes none.
	Started []string `json:"started,omitempty"`
	First   int      `json:"first,omitempty"`
}

// startingKey is the key of that entry, by the run that starts them.
func startingKey(workflow, run string) string { return workflow + "/" + run + "/starting" }

// remember writes the entry of a run that is about to start replicas. What an attempt before has written stands.
func (d *Docker) remember(ctx context.Context, req StartRequest) error {
	c := req.Change
	data := ServiceStartingData{Host: d.Host, Project: req.Project, Service: c.Service, MadeBy: req.MadeBy}
	if c.Bootstrap {
		data.First = c.Add[0]
	}
	replicas, err := d.Engine.Replicas(ctx, req.Project, c.Service)
	if err != nil {
		return err
	}
	for _, r := range replicas {
		switch {
		case r.Live():
			data.Live++
		case slices.ContainsFunc(c.Start, func(s scaling.Replica) bool { return s.ID == r.ID }):
			data.Started = append(data.Started, r.ID)
		}
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	_, err = d.People.tell(ctx, startingKey(run.ID, run.RunID), ServiceStarting, "", time.Now(), data)
	return err
}

// undoing is what an undo of a start takes away: the ids of what the start has made, and of what it has started; own is how
// many took part in the service before, where the run that asks has itself begun it. After a reset it has not: then no more
// is taken than any run may.
type undoing struct {
	made, started []string
	own           *int
}

func (d *Docker) undoing(ctx context.Context, req StartRequest, replicas []scaling.Replica) (u undoing, err error) {
	run := activity.GetInfo(ctx).WorkflowExecution
	data, at, err := d.remembered(ctx, run.ID, run.RunID, req)
	switch {
	case err != nil:
		return u, err
	case data != nil:
		u.own = &data.Live
	default:
		if data, at, err = d.remembered(ctx, run.ID, req.MadeBy, req); err != nil || data == nil {
			data = &ServiceStartingData{}
		}
	}
	if err != nil {
		return u, err
	}
	for _, r := range replicas {
		switch {
		case req.MadeBy != "" && r.MadeBy == req.MadeBy:
			u.made = append(u.made, r.ID)
		case slices.Contains(data.Started, r.ID):
			u.started = append(u.started, r.ID)
		case data.First != 0 && r.Number == data.First && r.MadeBy == "":
			life, err := d.Engine.Life(ctx, r.ID, false)
			if err != nil {
				return u, err
			}
			if !life.Created.Before(at) { // else it is somebody else's
				u.made = append(u.made, r.ID)
			}
		}
	}
	return u, nil
}

// remembered is the entry of a run that has begun this start; nil where there is none.
func (d *Docker) remembered(ctx context.Context, workflow, run string, req StartRequest) (*ServiceStartingData, time.Time, error) {
	none := time.Time{}
	e, err := d.People.entry(ctx, startingKey(workflow, run), ServiceStarting)
	if err != nil || e == nil {
		return nil, none, err
	}
	data, at, err := said[ServiceStartingData](*e)
	if err != nil {
		return nil, none, err
	}
	if data.Host != d.Host || data.Project != req.Project || data.Service != req.Change.Service || data.MadeBy != req.MadeBy {
		return nil, none, Fail(PermissionDenied, errors.New("the run has started other replicas than it takes back"))
	}
	return &data, at, nil
}
