package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ServiceStarting is the kind of the ledger's entry by which a host says, before it starts replicas for a run, which of
// them bear no mark of that: an undo takes these away and no others.
const ServiceStarting = "service.starting"

// ServiceStartingData is its data.
type ServiceStartingData struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// Started are the ids of stopped replicas that are started, First the number of the one that Compose makes; 0 where
	// it makes none.
	Started []string `json:"started,omitempty"`
	First   int      `json:"first,omitempty"`
}

// startingKey is the key of that entry, by the run that the replicas are made for.
func startingKey(workflow, madeBy string) string { return workflow + "/" + madeBy + "/starting" }

// remember writes the entry of a run that is about to start what it could not be told from later.
func (d *Docker) remember(ctx context.Context, req StartRequest) error {
	c := req.Change
	data := ServiceStartingData{Host: d.Host, Project: req.Project, Service: c.Service}
	if c.Bootstrap {
		data.First = c.Add[0]
	}
	if len(c.Start) > 0 {
		replicas, err := d.Engine.Replicas(ctx, req.Project, c.Service)
		if err != nil {
			return err
		}
		for _, r := range replicas {
			if !r.Live() && slices.ContainsFunc(c.Start, func(s scaling.Replica) bool { return s.ID == r.ID }) {
				data.Started = append(data.Started, r.ID)
			}
		}
	}
	if data.First == 0 && len(data.Started) == 0 {
		return nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		return Fail(InvalidInput, err)
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	_, err = d.People.Ledger.AppendFirst(ctx, ledger.Draft{ // what an attempt before has written stands
		Key: startingKey(run.ID, req.MadeBy), At: time.Now().UTC().Format(time.RFC3339), Kind: ServiceStarting, Subject: run.ID,
		WorkflowID: run.ID, RunID: run.RunID, Data: string(text),
	})
	return err
}

// begunBy are the ids of the replicas that a start has made and started: what bears its mark, and what the entry names.
func (d *Docker) begunBy(ctx context.Context, req StartRequest, replicas []scaling.Replica) (made, started []string, err error) {
	data, at, err := d.remembered(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range replicas {
		switch {
		case req.MadeBy != "" && r.MadeBy == req.MadeBy:
			made = append(made, r.ID)
		case slices.Contains(data.Started, r.ID):
			started = append(started, r.ID)
		case data.First != 0 && r.Number == data.First && r.MadeBy == "":
			life, err := d.Engine.Life(ctx, r.ID, false)
			if err != nil {
				return nil, nil, err
			}
			if !life.Created.Before(at) { // else it is somebody else's
				made = append(made, r.ID)
			}
		}
	}
	return made, started, nil
}

func (d *Docker) remembered(ctx context.Context, req StartRequest) (data ServiceStartingData, at time.Time, err error) {
	if len(req.Change.Start) == 0 && !req.Change.Bootstrap {
		return data, at, nil
	}
	key := startingKey(activity.GetInfo(ctx).WorkflowExecution.ID, req.MadeBy)
	entries, err := d.People.Ledger.Read(ctx, ledger.Filter{KeyPrefix: key, Kind: ServiceStarting, Limit: 1})
	if err != nil || len(entries) == 0 || entries[0].Key != key {
		return data, at, err
	}
	if err := json.Unmarshal([]byte(entries[0].Data), &data); err != nil {
		return data, at, Fail(PreconditionFailed, fmt.Errorf("the ledger's entry %s: %w", key, err))
	}
	if data.Host != d.Host || data.Project != req.Project || data.Service != req.Change.Service {
		return ServiceStartingData{}, at, Fail(PermissionDenied, errors.New("the run has started replicas of another service"))
	}
	at, err = time.Parse(time.RFC3339, entries[0].At)
	return data, at, err
}
