package runbook

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Event is something that happened. One of the fields behind Seq is set.
type Event struct {
	At time.Time
	// Seq is that of the command which this answers; an answer to an earlier command is dropped.
	Seq int

	Begin     bool
	Read      map[string]Reading
	Evaluated map[string]ItemResult
	Acted     *ActResult
	Watched   *WatchResult
	// Timer is the name of the timer that fired.
	Timer  string
	Answer *Answer
	Verb   *Verb
	// Cancelled is a cancellation of the whole run.
	Cancelled bool
}

// Standing is what a person may do, as the configuration says at the time of the answer.
type Standing struct {
	Groups []string `json:"groups,omitempty"`
	// Operator may pause, resume, skip, retry and abort runs.
	Operator bool `json:"operator,omitempty"`
	// Authenticated says that somebody else than the operating system vouches for the name.
	Authenticated bool `json:"authenticated,omitempty"`
	// AuthenticatedFrom is the risk from which an approval must be Authenticated; empty is none.
	AuthenticatedFrom Risk `json:"authenticated_from,omitempty"`
}

// Answer is a person's word on a Request.
type Answer struct {
	// Request is the id that the person answered.
	Request string `json:"request"`
	By      string `json:"by"`
	// Via is how it came: cli or slack.
	Via      string   `json:"via"`
	Standing Standing `json:"standing"`
	Approve  bool     `json:"approve"`
	Reason   string   `json:"reason,omitempty"`
	// Fields are what was filled in.
	Fields condition.Values `json:"fields,omitempty"`
	// PlanSHA256 is the plan that the person saw; empty is not said.
	PlanSHA256 string `json:"plan_sha256,omitempty"`
}

// Verb is an operator's order about the whole run.
type Verb struct {
	Verb     string   `json:"verb"`
	By       string   `json:"by"`
	Via      string   `json:"via"`
	Standing Standing `json:"standing"`
	Reason   string   `json:"reason,omitempty"`
}

// The verbs.
const (
	Pause    = "pause"  // stop before the next step
	Resume   = "resume" // go on
	SkipStep = "skip"   // leave out the step that the run stands before, or the wait that it is in
	RetryVrb = "retry"  // do again the step that failed or whose outcome is unknown
	MarkDone = "done"   // the step whose outcome is unknown did happen
	UndoAll  = "undo"   // put everything back
	Abort    = "abort"  // end it; on_failure is done
)

// Verbs are all of them.
var Verbs = []string{Pause, Resume, SkipStep, RetryVrb, MarkDone, UndoAll, Abort}

// Command is something to do. One of the fields behind Seq is set. Commands are carried out in order;
// Read, Evaluate, Act and Watch are answered by an event with their Seq.
type Command struct {
	Seq int

	Read     []ReadCall
	Evaluate []Item
	Act      *ActCall
	Watch    *WatchCall
	// Timer starts a timer; one of the same name before it no longer counts.
	Timer *Timer
	// StopTimers stops all timers.
	StopTimers bool
	// Cancel stops the work in flight; its answer still comes.
	Cancel bool
	// Record must be kept before anything behind it is done.
	Record *Record
	// Reply answers the person whose word the event brought.
	Reply  *Reply
	Finish *Finish
}

// Timer fires an event with its name.
type Timer struct {
	Name string
	For  time.Duration
}

// Record is an entry for the ledger.
type Record struct {
	// Event tells it from the run's other entries.
	Event string
	// Kind is what happened, such as "gate.approved"; Subject what it is about; Actor who did it.
	Kind, Subject, Actor string
	Data                 Data
}

// Data is what a record tells.
type Data struct {
	Runbook    string           `json:"runbook"`
	Step       string           `json:"step,omitempty"`
	Attempt    int              `json:"attempt,omitempty"`
	Title      string           `json:"title,omitempty"`
	Uses       string           `json:"uses,omitempty"`
	With       condition.Values `json:"with,omitempty"`
	Risk       Risk             `json:"risk,omitempty"`
	Outcome    string           `json:"outcome,omitempty"`
	Outputs    condition.Values `json:"outputs,omitempty"`
	Message    string           `json:"message,omitempty"`
	Severity   string           `json:"severity,omitempty"`
	Groups     []string         `json:"groups,omitempty"`
	Via        string           `json:"via,omitempty"`
	PlanSHA256 string           `json:"plan_sha256,omitempty"`
	Approves   []Approval       `json:"approves,omitempty"`
	Inputs     condition.Values `json:"inputs,omitempty"`
	Undone     []string         `json:"undone,omitempty"`
	NotUndone  []string         `json:"not_undone,omitempty"`
	Deadline   string           `json:"deadline,omitempty"`
}

// Reply is the answer to a person.
type Reply struct {
	Accepted bool   `json:"accepted"`
	Message  string `json:"message"`
}

// Finish ends the run.
type Finish struct {
	Outcome string
	Reason  string
}
