// Package runbooktest runs runbooks without touching anything: what probes say, how operations end and what
// persons do is written in a case, the clock is the case's own, and everything else is as in a real run.
package runbooktest

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Case is one run: what happens, and what is expected to come of it.
type Case struct {
	Name      string
	Inputs    condition.Values
	Host      string
	Initiator string
	// Start is when the run begins.
	Start time.Time
	// Probes are what each probe says, Steps how operations end: the first entry at the first use, the last
	// at all that follow. A probe of a called runbook stands behind the path of the call, "call/probe"; what
	// takes a step back is "undo/STEP".
	Probes map[string][]Moment
	Steps  map[string][]Script
	// People act in this order; each waits for the moment that fits.
	People []Person
	Expect Expect
}

// Moment is what a probe says from a time on.
type Moment struct {
	// After is from the start of the run.
	After  time.Duration
	Values condition.Values
	// Fault says why there is no value.
	Fault string
}

// Script is how one use of an operation ends.
type Script struct {
	// Outcome is one of the outcomes of a step; empty is OK.
	Outcome runbook.StepOutcome
	Takes   time.Duration
	// Outputs that are not here are zero.
	Outputs condition.Values
}

// Person is one word of somebody. Exactly one of the first four is set.
type Person struct {
	// Approve and Reject name the step that asks, Answer the manual or input step.
	Approve, Reject, Answer string
	// Verb is an operator's order. It comes when the run is at the step At, or, without one, as soon as it
	// asks for anything.
	Verb   string
	At     string
	By     string
	Groups []string
	// After is from the moment that fits.
	After  time.Duration
	Reason string
	Fields condition.Values
}

// Expect is what must come of it. What is nil is not looked at.
type Expect struct {
	Outcome runbook.Outcome
	// Reason is a regular expression; empty matches all.
	Reason string
	// Path are the steps in the order in which they ended: "ID", or "ID: OUTCOME" when that is not ok.
	Path      []string
	Undone    []string
	NotUndone []string
	// Denied is how many words of persons were refused.
	Denied *int
	// Took is time on the clock of the case.
	Took *time.Duration
}

// Result is what came of a case.
type Result struct {
	Outcome   runbook.Outcome
	Reason    string
	Path      []string
	Undone    []string
	NotUndone []string
	Denied    int
	Took      time.Duration
	// Faults are the differences to what was expected, each on one line; none is a case that passed.
	Faults []string

	branches map[string]bool
}
