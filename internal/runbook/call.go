package runbook

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// ReadCall reads one probe.
type ReadCall struct {
	// Key names the reading: the probe's name, behind the path of the call step it belongs to.
	Key string `json:"key"`
	// Project is the run's; empty where the run is about the host.
	Project string   `json:"project,omitempty"`
	Uses    string   `json:"uses"`
	With    []Filled `json:"with,omitempty"`
	// Names are what the expressions of With read, bound.
	Names condition.Values `json:"names,omitempty"`
}

// Reading is what a probe said.
type Reading struct {
	Values condition.Values `json:"values,omitempty"`
	At     time.Time        `json:"at"`
	// Fault says why there is no value; what needs the reading then fails.
	Fault string `json:"fault,omitempty"`
}

// ActCall is one use of an operation.
type ActCall struct {
	// Path is the step; Attempt counts from 1 over the whole run.
	Path string `json:"path"`
	// Run is the id of the run to which the attempt belongs: after a reset it is still the one that was approved.
	Run string `json:"run,omitempty"`
	// Runbook and PlanSHA256 are what the ledger is told beside the call.
	Runbook    string `json:"runbook,omitempty"`
	PlanSHA256 string `json:"plan_sha256,omitempty"`
	// Definition is Definition.Sum of what the run follows.
	Definition string `json:"definition,omitempty"`
	// Words are the approvals that the call uses up, and Start what the run was started by, each with its evidence.
	Words []identity.Word `json:"words,omitempty"`
	Start *identity.Word  `json:"start,omitempty"`
	// Until is when the approval ends that the call uses up; zero where it needs none.
	Until   time.Time        `json:"until,omitzero"`
	Project string           `json:"project,omitempty"`
	Attempt int              `json:"attempt"`
	Uses    string           `json:"uses"`
	With    condition.Values `json:"with,omitempty"`
	// Argv is the line that was shown, where the operation runs a command; the worker runs no other.
	Argv []string `json:"argv,omitempty"`
	Risk Risk     `json:"risk"`
	// Undo says that it takes the step back.
	Undo bool `json:"undo,omitempty"`
	// Measured says of an undo that With is what was measured when the step was done.
	Measured       bool  `json:"measured,omitempty"`
	Idempotent     bool  `json:"idempotent,omitempty"`
	TimeoutSeconds int   `json:"timeout_seconds"`
	Retry          Retry `json:"retry,omitzero"`
}

// Once says that the call has one attempt, whatever comes of it: one that is not idempotent, and a destructive one,
// whose approval is for one attempt.
func (c ActCall) Once() bool { return !c.Idempotent || c.Risk == Destructive }

// StepOutcome is how a step ended; empty while it is at work.
type StepOutcome string

// The outcomes of a step.
const (
	OK       StepOutcome = "ok"
	Failed   StepOutcome = "failed"
	TimedOut StepOutcome = "timeout" // it did not happen within its time
	Unclear  StepOutcome = "unknown" // it may or may not have happened
	Skipped  StepOutcome = "skipped" // its condition did not hold, or a person said so
)

// ActResult is how an operation ended.
type ActResult struct {
	Outcome StepOutcome      `json:"outcome"`
	Outputs condition.Values `json:"outputs,omitempty"`
	Message string           `json:"message,omitempty"`
	// NotBegun says of an operation that failed that nothing of it was done.
	NotBegun bool `json:"not_begun,omitempty"`
	// Suppressed says that the ledger counted too many runs right before it: it was not begun, and the run ends.
	Suppressed *Suppression `json:"suppressed,omitempty"`
}

// WatchCall looks until it knows whether a condition holds: a check in Times looks in a row, a wait
// until the time is over.
type WatchCall struct {
	Path    string `json:"path"`
	Project string `json:"project,omitempty"`
	// Reads are the probes that Condition uses; they are read at every look.
	Reads []ReadCall `json:"reads,omitempty"`
	// Uses and With, when set, are read at every look too: "result.NAME" in Condition.
	Uses      string               `json:"uses,omitempty"`
	With      condition.Values     `json:"with,omitempty"`
	Condition condition.Expression `json:"condition,omitzero"`
	// Names are what Condition uses beside probes and result, bound.
	Names condition.Values `json:"names,omitempty"`
	// Scope is the path of the call step with a slash, which stands before the names in Reads.
	Scope string `json:"scope,omitempty"`
	// Until waits for the condition; else it must hold Times in a row, and the first look at which it
	// does not ends the watch.
	Until          bool `json:"until,omitempty"`
	Times          int  `json:"times"`
	EverySeconds   int  `json:"every_seconds"`
	TimeoutSeconds int  `json:"timeout_seconds"`
}

// WatchResult is what a watch saw.
type WatchResult struct {
	// Held says whether the condition held.
	Held bool `json:"held"`
	// Fault says why it could not be told at the last look; Held is then false.
	Fault   string           `json:"fault,omitempty"`
	Outputs condition.Values `json:"outputs,omitempty"`
	// Readings are those of the last look.
	Readings map[string]Reading `json:"readings,omitempty"`
	Looks    int                `json:"looks"`
}

// Item is an expression, or a message template when Template is set, to evaluate.
type Item struct {
	Key        string               `json:"key"`
	Expression condition.Expression `json:"expression,omitzero"`
	Template   string               `json:"template,omitempty"`
	// Uses are the names of a template with their types; an expression knows its own.
	Uses condition.Types `json:"uses,omitempty"`
	// Names are what it reads, bound; a name that has no value yet is absent.
	Names condition.Values `json:"names,omitempty"`

	scope string
}

// ItemResult is a value, or why there is none.
type ItemResult struct {
	Value any    `json:"value,omitempty"`
	Fault string `json:"fault,omitempty"`
}

// reads are the names that the item needs.
func (i Item) reads() condition.Types {
	if i.Template != "" {
		return i.Uses
	}
	return i.Expression.Uses
}

// Evaluate evaluates items at a time. It never fails as a whole: what has no value says why. It is for drivers,
// and not for workflow code: another version of CEL may say something else.
func Evaluate(items []Item, now time.Time) map[string]ItemResult {
	results := map[string]ItemResult{}
	for _, item := range items {
		var value any
		var err error
		if item.Template != "" {
			value, err = condition.RenderTemplate(item.Template, item.Uses, item.Names)
		} else {
			value, err = item.Expression.Evaluate(item.Names, now)
		}
		if err != nil {
			results[item.Key] = ItemResult{Fault: err.Error()}
			continue
		}
		results[item.Key] = ItemResult{Value: value}
	}
	return results
}
