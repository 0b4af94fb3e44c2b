// Package runbook is the rules of runbooks: what a definition says, and what a run of it does next.
// It has no effects. RunRunbook drives it with Temporal's, a runbook test with scripted ones.
package runbook

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Definition is one runbook, read and checked. A run keeps it whole, with all that it calls, so
// that an edit never changes a run under way.
type Definition struct {
	Name        string   `json:"name"`
	Aliases     []string `json:"aliases,omitempty"`
	Description string   `json:"description,omitempty"`
	Owner       string   `json:"owner"`
	// Scope is ScopeProject or ScopeHost.
	Scope string `json:"scope"`
	// Severity is Sev1 to Sev4; incidents that the runbook opens have it unless they say otherwise.
	Severity string `json:"severity"`
	// ReviewBy is a date, 2006-01-02; a later day than that is a warning.
	ReviewBy    string        `json:"review_by,omitempty"`
	Triggers    Triggers      `json:"triggers"`
	Concurrency Concurrency   `json:"concurrency"`
	Inputs      []input.Field `json:"inputs,omitempty"`
	Probes      []Probe       `json:"probes,omitempty"`
	Guards      []Guard       `json:"guards,omitempty"`
	Steps       []Step        `json:"steps"`
	// OnFailure is done instead of putting everything back, when it is there.
	OnFailure []Step `json:"on_failure,omitempty"`
	// SHA256 is over the text of the file, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// What a runbook is about: one Compose project, or a host with whatever runs there. One about a host has
// no services and no product to speak to.
const (
	ScopeProject = "project"
	ScopeHost    = "host"
)

// Triggers say what starts the runbook by itself and how often it may run.
type Triggers struct {
	Alerts []Alert `json:"alerts,omitempty"`
	// Dedup is text that runs about the same thing share; cooldown and breaker count by it.
	Dedup condition.Expression `json:"dedup,omitzero"`
	// CooldownSeconds is how long after a run that acted the next is suppressed; 0 is not at all.
	CooldownSeconds int     `json:"cooldown_seconds,omitempty"`
	Breaker         Breaker `json:"breaker,omitzero"`
}

// Alert starts the runbook when all of its labels match.
type Alert struct {
	Match map[string]string `json:"match"`
	// Inputs say which label gives which input.
	Inputs map[string]string `json:"inputs,omitempty"`
}

// Breaker stops a runbook that keeps running and does not help: the run after MaxRuns within the
// window opens an incident instead. MaxRuns 0 is no breaker.
type Breaker struct {
	MaxRuns       int `json:"max_runs,omitempty"`
	WindowSeconds int `json:"window_seconds,omitempty"`
}

// Concurrency says which runs exclude each other.
type Concurrency struct {
	// Key is text; runs of this runbook with the same one exclude each other. Without it there is one run at a time.
	Key condition.Expression `json:"key,omitzero"`
	// Policy is Reject or Join.
	Policy string `json:"policy"`
}

// The policies of Concurrency.
const (
	Reject = "reject" // a second start is refused and says who is at work
	Join   = "join"   // a second start follows the run that is at work
)

// Probe is a named measurement. Its values are "probes.NAME.OUTPUT" with the outputs of Uses.
type Probe struct {
	Name string   `json:"name"`
	Uses string   `json:"uses"`
	With []Filled `json:"with,omitempty"`
	// Unit is for people, such as seconds, ratio or MB.
	Unit string `json:"unit"`
	// MaxAgeSeconds is how old a value may be when it is used; an older one is read again, and one
	// that cannot be read fails what needs it.
	MaxAgeSeconds int `json:"max_age_seconds"`
}

// Filled is one argument of an operation.
type Filled struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Arguments are the arguments of an operation: what is written out, and else what value says. With the error of the
// first that has no value come those before it.
func Arguments(with []Filled, value func(Filled) (any, error)) (condition.Values, error) {
	values := condition.Values{}
	for _, f := range with {
		if f.Value.Expression.Zero() {
			values[f.Name] = f.Value.Constant
			continue
		}
		v, err := value(f)
		if err != nil {
			return values, fmt.Errorf("%s: %w", f.Name, err)
		}
		values[f.Name] = v
	}
	return values, nil
}

// Constant returns an argument that is written out; false when it is computed or not there.
func Constant(with []Filled, name string) (any, bool) {
	for _, f := range with {
		if f.Name == name && f.Value.Expression.Zero() {
			return f.Value.Constant, true
		}
	}
	return nil, false
}

// Known returns an argument that is written out, or that Settle found out; false when it is neither or not there.
func Known(with []Filled, name string) (any, bool) {
	for _, f := range with {
		if f.Name == name {
			return f.Value.Constant, f.Value.Constant != nil
		}
	}
	return nil, false
}

// Value is a constant or, when Expression is set, what that returns.
type Value struct {
	// Constant is also what Settle found out that Expression returns.
	Constant   any                  `json:"constant,omitempty"`
	Expression condition.Expression `json:"expression,omitzero"`
}

// Guard must hold before the first step and again after every gate and every wait over a minute.
type Guard struct {
	Check   condition.Expression `json:"check"`
	Message string               `json:"message"`
}

// Step is one step. Kind decides which of the fields below Undo are set.
type Step struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Title string `json:"title,omitempty"`
	// When leaves the step out when it is false.
	When condition.Expression `json:"when,omitzero"`

	// Uses and With are the operation of an action, of a check that reads something, and of a call
	// (there Uses names the runbook and With gives its inputs).
	Uses string   `json:"uses,omitempty"`
	With []Filled `json:"with,omitempty"`
	Risk Risk     `json:"risk,omitempty"`
	// Idempotent says that doing it twice is doing it once. One that is not gets one attempt.
	Idempotent     bool  `json:"idempotent,omitempty"`
	TimeoutSeconds int   `json:"timeout_seconds,omitempty"`
	Retry          Retry `json:"retry,omitzero"`
	Undo           *Undo `json:"undo,omitempty"`
	// OnUnknown is Ask or Fail.
	OnUnknown string `json:"on_unknown,omitempty"`

	// Require is what a check demands; it may use the outputs of the check as "result.NAME".
	Require condition.Expression `json:"require,omitzero"`
	// Times is in how many looks in a row, EverySeconds apart, a check must hold; 1 or more.
	Times int `json:"times,omitempty"`
	// OnFalse of a check is Fail, or End: there is nothing to do and the run ends well.
	OnFalse string `json:"on_false,omitempty"`

	// Until is what a wait waits for, looked at every EverySeconds; without it a wait takes ForSeconds.
	Until        condition.Expression `json:"until,omitzero"`
	EverySeconds int                  `json:"every_seconds,omitempty"`
	ForSeconds   int                  `json:"for_seconds,omitempty"`

	Gate *Gate `json:"gate,omitempty"`
	// Groups are the configuration's groups: who may answer a gate, a manual or an input, who is told by a
	// notify.
	Groups []string `json:"groups,omitempty"`
	// RemindSeconds is how often they are reminded while they do not answer; 0 is at half of the time.
	RemindSeconds int `json:"remind_seconds,omitempty"`
	// Fields are what a person fills in at a manual or an input step; they become outputs.
	Fields []input.Field `json:"fields,omitempty"`

	// Message is the text of a notify, of a gate, a manual and an input, and the title of an incident: a Go
	// template over inputs, probes and steps. Also said when a check fails.
	Message string `json:"message,omitempty"`
	// MessageUses are the names that Message reads.
	MessageUses condition.Types `json:"message_uses,omitempty"`
	// Severity of an incident; empty is the runbook's.
	Severity string `json:"severity,omitempty"`

	Cases []Case `json:"cases,omitempty"`
	// To names the checkpoint that a rollback goes back to; empty is the beginning.
	To string `json:"to,omitempty"`
	// Called is the runbook of a call.
	Called *Definition `json:"called,omitempty"`
}

// Case is one branch of a switch: the first whose When holds is taken. The default has no When.
type Case struct {
	When  condition.Expression `json:"when,omitzero"`
	Steps []Step               `json:"steps"`
}

// Kind is what a step is.
type Kind string

// The kinds of steps.
const (
	Check      Kind = "check"      // reads, and demands that something holds
	Action     Kind = "action"     // does something
	GateStep   Kind = "gate"       // asks for an approval of steps that follow
	Manual     Kind = "manual"     // a person does something and says so
	InputStep  Kind = "input"      // a person fills something in
	Wait       Kind = "wait"       // for a time, or until something holds
	Switch     Kind = "switch"     // one of several branches
	Call       Kind = "call"       // another runbook, as part of this run
	Notify     Kind = "notify"     // tells people
	Incident   Kind = "incident"   // opens an incident
	Checkpoint Kind = "checkpoint" // a point that a rollback can go back to
	Rollback   Kind = "rollback"   // undoes, last first
)

// Risk is what a step can do to the world. A Destructive one needs a gate.
type Risk = request.Risk

// The risks, in rising order.
const (
	Read        = request.Read
	Write       = request.Write
	Destructive = request.Destructive
)

// What a step does when it does not know, or when its condition does not hold.
const (
	Ask  = "ask"
	Fail = "fail"
	End  = "end"
)

// Retry bounds the attempts at an idempotent step.
type Retry struct {
	// Attempts is 1 or more; 0 is 3 for an idempotent step and 1 for another. For service.scale 0 is 1 as well: its
	// run repeats each of its steps itself.
	Attempts        int `json:"attempts,omitempty"`
	IntervalSeconds int `json:"interval_seconds,omitempty"` // before the second; doubles after each, up to 30 s
}

// Undo is the operation that takes a step back.
type Undo struct {
	Uses string   `json:"uses"`
	With []Filled `json:"with,omitempty"`
}

// Gate says who may approve what, and until when. There is no approval by a timeout.
type Gate struct {
	// Approves are the ids of the steps that the approval is for.
	Approves []string `json:"approves"`
	// Min is how many different persons must approve; one rejection rejects.
	Min int `json:"min"`
	// NotInitiator keeps who started the run from approving it.
	NotInitiator bool `json:"not_initiator,omitempty"`
	// OnTimeout is "reject" or "escalate": EscalateTo may then answer too, for the same time again.
	OnTimeout  string   `json:"on_timeout"`
	EscalateTo []string `json:"escalate_to,omitempty"`
}

// Escalate is the other answer, beside Reject, to a gate that nobody answered.
const Escalate = "escalate"

// Duration makes a time of a number of seconds.
func Duration(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
