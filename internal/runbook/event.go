package runbook

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
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
	Answer *request.Answer
	Verb   *Verb
	// Cancelled is a cancellation of the whole run.
	Cancelled bool
	// Broken says why the run cannot go on, such as a ledger that has been away for a day: what can be put back is.
	Broken string
	// Run is the id of the run that this happened to, as the worker said it; empty where none did. After a reset it
	// is another one than before.
	Run string
}

// Verb is an operator's order about the whole run.
type Verb struct {
	Verb string `json:"verb"`
	// Run is the id of the run that it was meant for; a run that was reset is another one.
	Run string `json:"run,omitempty"`
	// Step is the one that it was meant for; empty is whatever the run is at.
	Step     string           `json:"step,omitempty"`
	By       string           `json:"by"`
	Via      string           `json:"via"`
	Standing request.Standing `json:"standing"`
	Reason   string           `json:"reason,omitempty"`
	// Nonce is that of the statement that was signed.
	Nonce string `json:"nonce,omitempty"`
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

// NeedsReason says of a verb that it cannot be taken back, so that whoever gives the order has to say why.
func NeedsReason(verb string) bool {
	return verb == SkipStep || verb == MarkDone || verb == UndoAll || verb == Abort
}

// AboutStep says of a verb that it is about the step that the run is at, and not about the run.
func AboutStep(verb string) bool { return verb == SkipStep || verb == RetryVrb || verb == MarkDone }

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
	Record *ledger.Record
	// Notify tells people something; nothing waits for it.
	Notify *request.Notification
	// Reply answers the person whose word the event brought.
	Reply  *request.Reply
	Finish *Finish
}

// Timer fires an event with its name.
type Timer struct {
	Name string
	For  time.Duration
}

// Finish ends the run.
type Finish struct {
	Outcome Outcome
	Reason  string
}
