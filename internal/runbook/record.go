package runbook

import (
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Kinds are the kinds of the entries that a run makes, beside those about its requests.
var Kinds = []string{
	"runbook.started", ActingKind, "runbook.refused", "runbook.suppressed", "runbook.override", "runbook.finished",
	StartedKind, "step." + string(OK), "step." + string(Failed), "step." + string(TimedOut), "step." + string(Unclear), "step." + string(Skipped),
	"undo." + string(OK), "undo." + string(Failed), "undo." + string(TimedOut), "undo." + string(Unclear),
	"operator." + Pause, "operator." + Resume, "operator." + SkipStep, "operator." + RetryVrb, "operator." + MarkDone, "operator." + UndoAll, "operator." + Abort, "operator.denied",
	"guard.failed", "incident.opened",
}

// Started is the data of runbook.started.
type Started struct {
	Runbook    string           `json:"runbook"`
	Definition string           `json:"definition"`
	Inputs     condition.Values `json:"inputs,omitempty"`
	PlanSHA256 string           `json:"plan_sha256,omitempty"`
	// Claimed says that nobody vouches for who started it.
	Claimed bool `json:"claimed,omitempty"`
}

// TurnedAway is the data of runbook.refused and runbook.suppressed: why a run did not begin; and of
// runbook.override: why it did.
type TurnedAway struct {
	Runbook    string           `json:"runbook"`
	Reason     string           `json:"reason"`
	Inputs     condition.Values `json:"inputs,omitempty"`
	PlanSHA256 string           `json:"plan_sha256,omitempty"`
}

// Begun is the data of ActingKind: the first step that may change something begins.
type Begun struct {
	Runbook    string `json:"runbook"`
	Step       string `json:"step"`
	PlanSHA256 string `json:"plan_sha256,omitempty"`
}

// Finished is the data of runbook.finished.
type Finished struct {
	Runbook    string   `json:"runbook"`
	Outcome    Outcome  `json:"outcome"`
	Reason     string   `json:"reason,omitempty"`
	PlanSHA256 string   `json:"plan_sha256,omitempty"`
	Undone     []string `json:"undone,omitempty"`
	NotUndone  []string `json:"not_undone,omitempty"`
}

// StepStarted is the data of step.started: whatever comes now, the step may have happened.
type StepStarted struct {
	Runbook    string           `json:"runbook"`
	Step       string           `json:"step"`
	Title      string           `json:"title,omitempty"`
	Attempt    int              `json:"attempt"`
	Uses       string           `json:"uses"`
	Arguments  condition.Values `json:"arguments,omitempty"`
	Argv       []string         `json:"argv,omitempty"`
	Risk       Risk             `json:"risk"`
	PlanSHA256 string           `json:"plan_sha256,omitempty"`
}

// StepEnded is the data of step.ok, step.failed, step.timeout, step.unknown and step.skipped.
type StepEnded struct {
	Runbook string           `json:"runbook"`
	Step    string           `json:"step"`
	Title   string           `json:"title,omitempty"`
	Attempt int              `json:"attempt,omitempty"`
	Uses    string           `json:"uses,omitempty"`
	Risk    Risk             `json:"risk,omitempty"`
	Outcome StepOutcome      `json:"outcome"`
	Outputs condition.Values `json:"outputs,omitempty"`
	Reason  string           `json:"reason,omitempty"`
}

// StepUndone is the data of undo.ok, undo.failed, undo.timeout and undo.unknown.
type StepUndone struct {
	Runbook   string           `json:"runbook"`
	Step      string           `json:"step"`
	Uses      string           `json:"uses"`
	Arguments condition.Values `json:"arguments,omitempty"`
	Outcome   StepOutcome      `json:"outcome"`
	Reason    string           `json:"reason,omitempty"`
}

// GuardFailed is the data of guard.failed.
type GuardFailed struct {
	Runbook string `json:"runbook"`
	Step    string `json:"step"`
	Reason  string `json:"reason"`
}

// Ordered is the data of operator.pause and its like; and of operator.denied, whose Denied says why.
type Ordered struct {
	Runbook string `json:"runbook"`
	Step    string `json:"step"`
	Order   string `json:"order"`
	Via     string `json:"via"`
	Reason  string `json:"reason,omitempty"`
	Denied  string `json:"denied,omitempty"`
	// Statement is what was signed, and Proof who it was proven to be by; without them the name is a claim.
	Statement string          `json:"statement,omitempty"`
	Proof     *identity.Proof `json:"proof,omitempty"`
}

// IncidentOpened is the data of incident.opened.
type IncidentOpened struct {
	Runbook  string `json:"runbook"`
	Step     string `json:"step,omitempty"`
	Incident string `json:"incident"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
}
