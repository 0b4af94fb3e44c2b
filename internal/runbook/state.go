package runbook

import (
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Run says which run it is.
type Run struct {
	// ID is the workflow id.
	ID string `json:"id"`
	// Name is the runbook's, Key the concurrency key, Dedup what cooldown and breaker count by.
	Name  string `json:"name"`
	Key   string `json:"key,omitempty"`
	Dedup string `json:"dedup,omitempty"`
	// Host is where operations happen that belong to a host.
	Host string `json:"host"`
	// Project is the Compose project that it is about; empty for a runbook about the host.
	Project string `json:"project,omitempty"`
	// RunID is the run at work; approvals were given to it. After a reset it is another one.
	RunID string `json:"run_id,omitempty"`
	// Started is when it began.
	Started time.Time `json:"started,omitzero"`
	// Initiator is who started it, such as "anna@gpu-1" or "alert".
	Initiator string `json:"initiator"`
	// Start is how it was started, where that is proven; nil is that nobody is known to have.
	Start *identity.Word `json:"start,omitempty"`
	// Definition is Definition.Sum of what it follows.
	Definition string `json:"definition,omitempty"`
	// Nobody says that what proves who started it is no person's of the configuration.
	Nobody bool `json:"nobody,omitempty"`
	// PlanSHA256 is the plan that was made at the start; approvals are bound to it.
	PlanSHA256 string `json:"plan_sha256,omitempty"`
	// Override says that an operator starts it in spite of cooldown and breaker.
	Override bool `json:"override,omitempty"`
	// Dry says that nothing is changed: reads are real, writes are planned.
	Dry bool `json:"dry,omitempty"`
}

// State is all that a run knows. It survives JSON.
type State struct {
	Run   Run   `json:"run"`
	Phase Phase `json:"phase"`
	// Node is the place of the step at work; Seq numbers the command whose answer is awaited.
	Node int `json:"node"`
	Seq  int `json:"seq"`
	// Inputs are by scope, Readings by scope and name of the probe, Steps by path.
	Inputs   map[string]condition.Values `json:"inputs"`
	Readings map[string]Reading          `json:"readings,omitempty"`
	Steps    map[string]StepState        `json:"steps,omitempty"`
	// Since is when the wait at work began.
	Since time.Time `json:"since,omitzero"`
	// GuardsDue says that the guards are to be looked at before the next step.
	GuardsDue bool       `json:"guards_due,omitempty"`
	Undo      []Undoable `json:"undo,omitempty"`
	Approvals []Approval `json:"approvals,omitempty"`
	// Request is what the run waits for from people; Cause says of an order why an operator is asked.
	Request *request.Request `json:"request,omitempty"`
	Cause   Cause            `json:"cause,omitempty"`
	// PauseBy is who wants the run to stop before the next step.
	PauseBy string `json:"pause_by,omitempty"`
	// Nonces are those of the signed orders that were followed: each counts once.
	Nonces []string `json:"nonces,omitempty"`
	// AbortWhy is set while the work in flight is being stopped.
	AbortWhy string `json:"abort_why,omitempty"`
	// Broken says that it cannot go on as it should, and only puts things back.
	Broken bool `json:"broken,omitempty"`
	// Ending is the outcome that the run is heading for, once it has failed, and Reason why.
	Ending Outcome `json:"ending,omitempty"`
	Reason string  `json:"reason,omitempty"`
	// Unwinding is how many entries of Undo are left alone while others are being undone, Rolling whether
	// a rollback step asked for it and the run goes on behind that.
	Unwinding int  `json:"unwinding,omitempty"`
	Rolling   bool `json:"rolling,omitempty"`
	// Unsettled are the steps of which nobody knows whether they happened. Another attempt that ends well settles one,
	// and so do its undo and a person who says that it was done; a run that ends before that names it.
	Unsettled []string `json:"unsettled,omitempty"`
	// Stays are the steps that were done and that nothing takes back.
	Stays []string `json:"stays,omitempty"`
	// Acted says that something was changed, or may have been.
	Acted bool `json:"acted,omitempty"`
	// Asked and Recorded count the requests and the entries for the ledger.
	Asked    int `json:"asked,omitempty"`
	Recorded int `json:"recorded,omitempty"`
	// Undone and NotUndone are what was put back, and what could not be, with the reason.
	Undone    []string `json:"undone,omitempty"`
	NotUndone []string `json:"not_undone,omitempty"`
	// Outcome is set once the run is over.
	Outcome Outcome `json:"outcome,omitempty"`
	// Plan and Refusals are what a dry run found.
	Plan     []Planned `json:"plan,omitempty"`
	Refusals []string  `json:"refusals,omitempty"`
}

// Phase is what a run is at.
type Phase string

// The phases of a run.
const (
	Probing    Phase = "probing"
	Evaluating Phase = "evaluating"
	Acting     Phase = "acting"
	Watching   Phase = "watching"
	Resting    Phase = "resting"
	Asking     Phase = "asking"
	Undoing    Phase = "undoing"
	Over       Phase = "over"
)

// Outcome is how a run ended; empty while it is at work.
type Outcome string

// The outcomes of a run.
const (
	Succeeded          Outcome = "succeeded"
	NotNeeded          Outcome = "not_needed"          // a check found nothing to do
	Rejected           Outcome = "rejected"            // a person said no, or nobody answered
	Aborted            Outcome = "aborted"             // a person, or a cancellation, ended it
	RunFailed          Outcome = "failed"              // a step failed; what it had done stays
	RolledBack         Outcome = "rolled_back"         // a step failed; all that can be taken back was; the reason names the rest
	RollbackIncomplete Outcome = "rollback_incomplete" // something could not be put back
	Suppressed         Outcome = "suppressed"          // cooldown or breaker; nothing was touched
	Refused            Outcome = "refused"             // the plan or the guards say no; nothing was touched
)

// StepState is what became of a step.
type StepState struct {
	Outcome StepOutcome `json:"outcome,omitempty"`
	Attempt int         `json:"attempt,omitempty"`
	// Does is the operation of the last attempt, with what it was given.
	Does string `json:"does,omitempty"`
	// Asked is what a gate said when it asked first.
	Asked   string           `json:"asked,omitempty"`
	Outputs condition.Values `json:"outputs,omitempty"`
	// Message says why it failed or was left out; of a check at work, what it says when it fails.
	Message string    `json:"message,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Undoable is one entry of the undo stack: what takes a step back, or a checkpoint.
type Undoable struct {
	Path string           `json:"path"`
	Uses string           `json:"uses,omitempty"` // empty is a checkpoint
	With condition.Values `json:"with,omitempty"`
	// Measured says that With is what was measured when the step was done, and not what the definition says.
	Measured bool `json:"measured,omitempty"`
}

// Approval allows one attempt at one step, as it was shown, under one plan, for a time.
type Approval struct {
	request.Effect
	PlanSHA256 string   `json:"plan_sha256"`
	By         []string `json:"by"`
	// Words are what they signed.
	Words []identity.Word `json:"words,omitempty"`
	Until time.Time       `json:"until"`
}

// clone copies what a step of the machine may change.
func (s State) clone() State {
	s.Inputs, s.Readings, s.Steps = copied(s.Inputs), copied(s.Readings), copied(s.Steps)
	s.Undo, s.Approvals = slices.Clone(s.Undo), slices.Clone(s.Approvals)
	s.Stays, s.Unsettled = slices.Clone(s.Stays), slices.Clone(s.Unsettled)
	s.Nonces = slices.Clone(s.Nonces)
	s.Undone, s.NotUndone = slices.Clone(s.Undone), slices.Clone(s.NotUndone)
	s.Plan, s.Refusals = slices.Clone(s.Plan), slices.Clone(s.Refusals)
	if s.Request != nil {
		r := *s.Request // its lists are never written to
		s.Request = &r
	}
	return s
}

// copied is a copy that can be written to: JSON leaves out an empty map.
func copied[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
