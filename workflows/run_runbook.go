package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// RunbookID is the id of the one run that a runbook may have at a time about one thing. A runbook about the
// host has no project.
func RunbookID(host, project, name, key string) string {
	return runbook.Subject(host, project, name, key)
}

// Waiting is the state of a run that waits for a person.
const Waiting = "waiting"

const (
	// AnswerRunbook is the Update with a person's word on a request: RunbookAnswer → runbook.Reply.
	AnswerRunbook = "answer"
	// OperateRunbook is the Update with an operator's order: RunbookOrder → runbook.Reply.
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
}

// RunbookAnswer is a person's word on an open request.
type RunbookAnswer struct {
	Request    string            `json:"request"`
	By         activities.Person `json:"by"`
	Approve    bool              `json:"approve"`
	Reason     string            `json:"reason,omitempty"`
	Fields     condition.Values  `json:"fields,omitempty"`
	PlanSHA256 string            `json:"plan_sha256,omitempty"`
}

// RunbookOrder is an operator's order about a run; Verb is one of runbook.Verbs.
type RunbookOrder struct {
	Verb   string            `json:"verb"`
	By     activities.Person `json:"by"`
	Reason string            `json:"reason,omitempty"`
}

// RunbookStatus is how far a run is.
type RunbookStatus struct {
	RunbookResult
	// At is the step at work, Phase what it is at.
	At    string        `json:"at,omitempty"`
	Phase runbook.Phase `json:"phase"`
	// Request is what the run waits for from a person; nil when for nothing.
	Request *runbook.Request `json:"request,omitempty"`
	// PauseBy is who wants it to stop before the next step.
	PauseBy string `json:"pause_by,omitempty"`
}

// RunbookResult is what a run did. A run that does not end well carries it in the details of its error.
type RunbookResult struct {
	Runbook    string           `json:"runbook"`
	Key        string           `json:"key,omitempty"`
	Host       string           `json:"host"`
	Project    string           `json:"project,omitempty"`
	Inputs     condition.Values `json:"inputs,omitempty"`
	Outcome    string           `json:"outcome"`
	Reason     string           `json:"reason,omitempty"`
	By         string           `json:"by"`
	Why        string           `json:"why,omitempty"`
	Definition string           `json:"definition,omitempty"`
	PlanSHA256 string           `json:"plan_sha256,omitempty"`
	Steps      []RunbookStep    `json:"steps"`
	Undone     []string         `json:"undone,omitempty"`
	NotUndone  []string         `json:"not_undone,omitempty"`
}

// RunbookStep is what became of one step.
type RunbookStep struct {
	Path  string       `json:"path"`
	Kind  runbook.Kind `json:"kind"`
	Title string       `json:"title,omitempty"`
	runbook.StepState
}

// RunRunbook follows one runbook definition to its end: it does real work, stops for people where the
// definition says so, and tells the ledger everything. Its id is RunbookID. The definition, with all that
// it calls, is read once; an edit never changes a run under way.
func RunRunbook(ctx workflow.Context, req RunbookRequest) (RunbookResult, error) {
	r := newRunbookRun(ctx, req)
	if err := r.listen(ctx); err != nil {
		return r.result(), err
	}
	attributes, err := knownAttributes(r.ctx) // a cancellation is for begin and drive to hear
	if err != nil {
		return r.result(), err
	}
	r.attributes = attributes
	if err := attributes.set(r.ctx, value{HostAttribute, req.Host}, value{StateAttribute, Running}); err != nil {
		return r.result(), err
	}
	outcome, err := r.begin(ctx)
	if err == nil && outcome == "" {
		err = r.drive()
	}
	r.end(outcome, err)
	return r.result(), r.failure(ctx, err)
}

// begin loads the definition and asks whether the run may begin: cooldown and breaker first, then the
// plan. An outcome says that it may not.
func (r *runbookRun) begin(ctx workflow.Context) (string, error) {
	if r.req.Override && r.req.Why == "" {
		return "", temporal.NewNonRetryableApplicationError("an override needs a reason", activities.InvalidInput, nil)
	}
	var a *activities.Runbooks
	call := activities.RunbookCall{Name: r.req.Name, Inputs: r.req.Inputs, Host: r.req.Host, Project: r.req.Project, By: r.req.By}
	var loaded activities.LoadedRunbook
	if err := workflow.ExecuteActivity(shared(ctx, "read runbook "+r.req.Name), a.LoadRunbook, call).Get(ctx, &loaded); err != nil {
		return "", err
	}
	d := loaded.Definition
	r.project, r.program = loaded.Project, runbook.Lay(d)
	r.state = runbook.New(runbook.Run{
		ID: workflow.GetInfo(ctx).WorkflowExecution.ID, Name: d.Name, Key: loaded.Key, Dedup: loaded.Dedup, Host: r.req.Host, Project: loaded.Project, Initiator: r.req.By,
	}, loaded.Inputs)
	if err := r.attributes.set(r.ctx, value{SeverityAttribute, d.Severity}); err != nil {
		return "", err
	}
	suppressed, err := r.suppressed(ctx, d)
	if suppressed || err != nil {
		return runbook.Suppressed, err
	}
	var plan activities.RunbookPlan
	if err := workflow.ExecuteActivity(look(ctx, r.req.Host, "plan of "+d.Name), a.PlanRunbook, call).Get(ctx, &plan); err != nil {
		return "", err
	}
	r.state.Run.PlanSHA256 = plan.SHA256
	why := strings.Join(plan.Refusals, "; ")
	switch {
	case plan.Definition != d.SHA256:
		why = "the runbook was edited just now; start it again"
	case r.req.PlanSHA256 != "" && r.req.PlanSHA256 != plan.SHA256:
		why = fmt.Sprintf("the plan has changed: it is %s now, not %s", short(plan.SHA256), short(r.req.PlanSHA256))
	}
	if why == "" {
		return "", nil
	}
	return runbook.Refused, r.turnAway(runbook.Refused, why, runbook.Record{Event: "refused", Kind: "runbook.refused", Actor: r.req.By})
}

// suppressed asks the ledger whether the runbook ran too lately or too often. An open breaker opens an
// incident instead.
func (r *runbookRun) suppressed(ctx workflow.Context, d runbook.Definition) (bool, error) {
	remembered := d.Triggers.Remembered()
	if remembered == 0 {
		return false, nil
	}
	var a *activities.Runbooks
	var past []time.Time
	now := workflow.Now(ctx)
	subject := r.state.Run.Subject(r.state.Run.Dedup)
	err := workflow.ExecuteLocalActivity(locally(ctx, "cooldown and breaker of "+subject), a.ActedSince,
		activities.PastRequest{Subject: subject, Since: now.Add(-remembered)}).Get(ctx, &past)
	if err != nil {
		return false, err
	}
	s := runbook.Suppress(d.Triggers, past, now)
	if s.Reason == "" {
		return false, nil
	}
	if r.req.Override {
		return false, r.keep([]runbook.Record{r.about(runbook.Record{Event: "override", Kind: "runbook.override", Actor: r.req.By}, s.Reason+"; overridden: "+r.req.Why)})
	}
	records := []runbook.Record{{Event: "suppressed", Kind: "runbook.suppressed", Actor: r.req.By}}
	if s.Broken {
		records = append(records, r.brokenIncident(d, s.Reason, now))
	}
	return true, r.turnAway(runbook.Suppressed, s.Reason, records...)
}

// brokenIncident opens an incident in place of the run that the breaker stopped.
func (r *runbookRun) brokenIncident(d runbook.Definition, why string, now time.Time) runbook.Record {
	id := runbook.IncidentID(r.state.Run, "breaker", now)
	return runbook.Record{
		Event: "incident", Kind: "incident.opened", Actor: r.req.By, Subject: r.state.Run.Subject(r.state.Run.Dedup),
		Data: runbook.Data{Title: id, Severity: d.Severity, Message: d.Name + " does not help: " + why},
	}
}

// turnAway ends a run before it touched anything.
func (r *runbookRun) turnAway(outcome, why string, records ...runbook.Record) error {
	r.state.Outcome, r.state.Reason, r.state.Phase = outcome, why, runbook.Over
	for i := range records {
		records[i] = r.about(records[i], why)
	}
	return r.keep(records)
}

// about fills in what every record of this run says.
func (r *runbookRun) about(rec runbook.Record, why string) runbook.Record {
	if rec.Subject == "" {
		rec.Subject = r.state.Run.Subject(r.state.Run.Key)
	}
	rec.Data.Runbook, rec.Data.PlanSHA256, rec.Data.Inputs = r.state.Run.Name, r.state.Run.PlanSHA256, r.state.Inputs[""]
	if rec.Data.Message == "" {
		rec.Data.Message = why
	}
	return rec
}

func short(sha256 string) string { return sha256[:min(12, len(sha256))] }
