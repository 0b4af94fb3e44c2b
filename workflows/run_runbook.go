package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

const (
	// OperateRunbook is the Update with an operator's order, whatever the run is at: RunbookOrder → request.Reply.
	OperateRunbook = "operate"
	// StatusRunbook is the Query that returns a RunbookStatus.
	StatusRunbook = "status"
)

// RunbookRequest starts a runbook.
type RunbookRequest struct {
	Name   string           `json:"name"`
	Inputs condition.Values `json:"inputs,omitempty"`
	Host   string           `json:"host"`
	// Project may be empty where the host has one.
	Project string `json:"project,omitempty"`
	// By is who asked, such as "anna@gpu-1"; Why is the reason in a sentence.
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// PlanSHA256 is the plan that By saw; another one is refused. Empty takes what the plan is.
	PlanSHA256 string `json:"plan_sha256,omitempty"`
	// Override runs in spite of cooldown and breaker; Why is then required.
	Override bool `json:"override,omitempty"`
	identity.Said
}

// RunbookOrder is an operator's order about a run; Verb is one of runbook.Verbs.
type RunbookOrder struct {
	Verb string `json:"verb"`
	// Run is the id of the run that the person saw, and Step the one that it was at where the order is about a step.
	Run  string `json:"run"`
	Step string `json:"step,omitempty"`
	// By is who says it, Via how it came: cli.
	By     string `json:"by"`
	Via    string `json:"via"`
	Reason string `json:"reason,omitempty"`
	identity.Said
}

// Statement is what a person says by the order to a run, by its workflow id on a host.
func (o RunbookOrder) Statement(id, host string) identity.Statement {
	return identity.Statement{
		Do: o.Verb, Who: o.By, Login: o.Login, Host: host, Run: id, RunID: o.Run, Step: o.Step, Reason: o.Reason, At: o.At, Nonce: o.Nonce,
	}
}

// RunbookStatus is how far a run is.
type RunbookStatus struct {
	RunbookResult
	// Run is the id of the run at work.
	Run string `json:"run"`
	// At is the step at work, Phase what it is at.
	At    string        `json:"at,omitempty"`
	Phase runbook.Phase `json:"phase"`
	// Request is what the run waits for from a person; nil when for nothing.
	Request *request.Request `json:"request,omitempty"`
	// PauseBy is who wants it to stop before the next step.
	PauseBy string `json:"pause_by,omitempty"`
	// Resolved are the alerts of the run that are resolved, as it was told.
	Resolved []ResolvedAlert `json:"resolved,omitempty"`
	// Waits says what it waits for beside people: a worker of its host, or the ledger.
	Waits string `json:"waits,omitempty"`
	// Untold says whom it could not tell what; what is told in a chat is not in it, but on the page of the Tell.
	Untold []string `json:"untold,omitempty"`
}

// RunbookResult is what a run did. A run that does not end well carries it in the details of its error.
type RunbookResult struct {
	Runbook string           `json:"runbook"`
	Key     string           `json:"key,omitempty"`
	Host    string           `json:"host"`
	Project string           `json:"project,omitempty"`
	Inputs  condition.Values `json:"inputs,omitempty"`
	Outcome runbook.Outcome  `json:"outcome"`
	Reason  string           `json:"reason,omitempty"`
	By      string           `json:"by"`
	// Claimed says that nobody vouches for By.
	Claimed    bool          `json:"claimed,omitempty"`
	Why        string        `json:"why,omitempty"`
	Definition string        `json:"definition,omitempty"`
	PlanSHA256 string        `json:"plan_sha256,omitempty"`
	Steps      []RunbookStep `json:"steps"`
	Undone     []string      `json:"undone,omitempty"`
	NotUndone  []string      `json:"not_undone,omitempty"`
	// Unwritten is what the ledger was to know and does not: it was away for more than a day.
	Unwritten []ledger.Record `json:"unwritten,omitempty"`
}

// RunbookStep is what became of one step.
type RunbookStep struct {
	Path  string       `json:"path"`
	Kind  runbook.Kind `json:"kind"`
	Title string       `json:"title,omitempty"`
	runbook.StepState
}

// RunRunbook follows one runbook definition to its end: it does real work, stops for people where the
// definition says so, and tells the ledger everything. Its id is runbook.Subject. The definition, with all that
// it calls, is read once; an edit never changes a run under way.
func RunRunbook(ctx workflow.Context, req RunbookRequest) (RunbookResult, error) {
	if err := spoken(req.By, req.Why, req.Said); err != nil {
		return RunbookResult{}, err
	}
	r := newRunbookRun(ctx, req)
	if err := r.listen(ctx); err != nil {
		return r.result(), err
	}
	attributes, err := knownAttributes(r.ctx) // a cancellation is for begin and drive to hear
	if err != nil {
		return r.result(), err
	}
	r.attributes = attributes
	r.setAttributes(value{HostAttribute, req.Host}, value{StateAttribute, Running})
	beginning, cancel := workflow.WithCancel(ctx)
	defer cancel()
	r.giveUp = cancel
	began, err := r.begin(beginning)
	switch {
	case err != nil:
		r.notBegun(err)
	case began:
		r.drive()
	}
	r.end()
	return r.result(), r.failure(ctx, err)
}

func short(sha256 string) string { return sha256[:min(12, len(sha256))] }
