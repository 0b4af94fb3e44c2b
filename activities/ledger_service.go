package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ServiceRun is how a change of a service ended.
type ServiceRun struct {
	WorkflowID string         `json:"workflow_id"`
	RunID      string         `json:"run_id"`
	At         time.Time      `json:"at"`
	By         string         `json:"by"`
	Data       ServiceRunData `json:"data"`
}

// ServiceRunData is the data of a ledger entry service.finished.
type ServiceRunData struct {
	Host     string            `json:"host"`
	Project  string            `json:"project"`
	Service  string            `json:"service"`
	From     *int              `json:"from,omitempty"`
	To       int               `json:"to"`
	Outcome  string            `json:"outcome"`
	Reason   string            `json:"reason,omitempty"`
	Why      string            `json:"why,omitempty"`
	Undone   []string          `json:"undone,omitempty"`
	Refusals []scaling.Refusal `json:"refusals,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
}

// ServiceAsk is a change of a service that somebody asked for.
type ServiceAsk struct {
	WorkflowID string           `json:"workflow_id"`
	RunID      string           `json:"run_id"`
	At         time.Time        `json:"at"`
	By         string           `json:"by"`
	Data       ServiceAskedData `json:"data"`
}

// ServiceAsked is the kind of the ledger's entry about a change of a service that somebody asked for.
const ServiceAsked = "service.asked"

// ServiceAskedData is the data of a ledger entry service.asked.
type ServiceAskedData struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// To is the number of replicas that was asked for; nil for a restart.
	To  *int   `json:"to,omitempty"`
	Why string `json:"why,omitempty"`
	// Claimed says that nobody vouches for who asked.
	Claimed bool `json:"claimed,omitempty"`
}

// ServiceFinished is the kind of the ledger's entry about the end of a change of a service.
const ServiceFinished = "service.finished"

// KeepServiceAsk appends that a change of a service was asked for. It may be repeated.
func (r *Records) KeepServiceAsk(ctx context.Context, ask ServiceAsk) error {
	return r.keepService(ctx, "asked", ask.At, ledger.Draft{
		Kind: ServiceAsked, Actor: ask.By, WorkflowID: ask.WorkflowID, RunID: ask.RunID,
	}, ask.Data)
}

// KeepServiceRun appends the end of a change of a service. It may be repeated. Another entry under its key is Conflict,
// a ledger that does not answer Unavailable.
func (r *Records) KeepServiceRun(ctx context.Context, run ServiceRun) error {
	return r.keepService(ctx, "finished", run.At, ledger.Draft{
		Kind: ServiceFinished, Actor: run.By, WorkflowID: run.WorkflowID, RunID: run.RunID,
	}, run.Data)
}

// keepService appends one event of a run that changes a service, and of no other run.
func (r *Records) keepService(ctx context.Context, event string, at time.Time, draft ledger.Draft, data any) error {
	if err := r.ofItself(ctx, draft.WorkflowID, draft.RunID, at); err != nil {
		return Classify(ctx, err)
	}
	text, err := canonical(data)
	if err != nil {
		return Classify(ctx, Fail(InvalidInput, fmt.Errorf("ledger entry %s: %w", draft.Kind, err)))
	}
	draft.At, draft.Key = at.UTC().Format(time.RFC3339), draft.WorkflowID+"/"+draft.RunID+"/"+event
	draft.Subject, draft.Data = draft.WorkflowID, text
	_, err = r.Ledger.Append(ctx, draft)
	return Classify(ctx, err)
}
