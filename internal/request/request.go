// Package request is the rules of what a run asks of people: who may answer, how many, until when, and what becomes
// of it when nobody does. It has no effects and no clock.
package request

import (
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
)

// Request is what a run waits for from people. Each has a deadline, and none is granted by it.
type Request struct {
	// ID is WORKFLOW:STEP.N@RUN: N counts the requests of the workflow, RUN are the last 8 digits of the id of the
	// run that opened it. So a word for one request can never meet another, nor another run.
	ID string `json:"id"`
	// Host is the one whose worker acts, RunID the whole id of the run that opened it.
	Host  string `json:"host"`
	RunID string `json:"run_id"`
	Kind  Kind   `json:"kind"`
	// Step is what asks: of a gate that was opened again, the gate.
	Step    string `json:"step"`
	Message string `json:"message"`
	// Groups may answer; an Order is answered by an operator.
	Groups []string `json:"groups,omitempty"`
	// Min is how many different persons must say yes; one who says no decides.
	Min int `json:"min,omitempty"`
	// Not are persons whose word does not count, such as who started the run.
	Not []string `json:"not,omitempty"`
	// Allows are the effects that a yes allows.
	Allows []Effect      `json:"allows,omitempty"`
	Fields []input.Field `json:"fields,omitempty"`
	// Choices are the decisions that there are.
	Choices []string `json:"choices"`
	Risk    Risk     `json:"risk,omitempty"`
	// PlanSHA256 is the plan of the run that asks.
	PlanSHA256 string `json:"plan_sha256,omitempty"`
	// Definition is the SHA-256 of what it follows, as its host's worker has installed it.
	Definition string `json:"definition,omitempty"`

	// LimitSeconds is how long it is open, RemindSeconds how often people are reminded.
	LimitSeconds  int `json:"limit_seconds"`
	RemindSeconds int `json:"remind_seconds,omitempty"`
	// EscalateTo may answer too, for the same time again, once nobody has; without it the request then closes.
	EscalateTo []string `json:"escalate_to,omitempty"`

	Opened    time.Time `json:"opened"`
	Deadline  time.Time `json:"deadline"`
	Escalated bool      `json:"escalated,omitempty"`
	// Answers are who has said yes so far, and Persons what they count as, logins behind root among them.
	Answers []string `json:"answers,omitempty"`
	Persons []string `json:"persons,omitempty"`
	// Words are what they signed, as far as they did.
	Words []identity.Word `json:"words,omitempty"`
	// Shown is the SHA-256 of all that a person decides by; a word for something else does not count.
	Shown string `json:"shown"`
}

// Kind is what is asked for.
type Kind string

// The kinds of requests.
const (
	Approval        Kind = "approval"        // may this be done?
	Confirmation    Kind = "confirmation"    // a person does something and says so
	Input           Kind = "input"           // a person fills something in
	SignOff         Kind = "sign_off"        // a person stands for it that all is done
	Acknowledgement Kind = "acknowledgement" // a person has seen it and is at it
	Order           Kind = "order"           // an operator says how the run goes on
)

// Risk is what something can do to the world.
type Risk string

// The risks, in rising order.
const (
	Read        Risk = "read"
	Write       Risk = "write"
	Destructive Risk = "destructive"
)

// Below says whether the risk is less than another. What is no risk is below all.
func (r Risk) Below(other Risk) bool {
	rank := map[Risk]int{Read: 1, Write: 2, Destructive: 3}
	return rank[r] < rank[other]
}

// Decisions on requests. An Order has the verbs of the run that asks.
const (
	Approve     = "approve"
	Reject      = "reject"
	Sign        = "sign"
	Acknowledge = "acknowledge"
)

// Yes is the decision that agrees to a request of the kind; an Order has none.
func (k Kind) Yes() string {
	switch k {
	case SignOff:
		return Sign
	case Acknowledgement:
		return Acknowledge
	case Approval, Confirmation, Input:
		return Approve
	case Order:
	}
	return ""
}

// Choices are the decisions on a request of the kind; those of an Order are the run's own.
func (k Kind) Choices() []string {
	switch k {
	case Acknowledgement:
		return []string{Acknowledge}
	case Approval, Confirmation, Input, SignOff:
		return []string{k.Yes(), Reject}
	case Order:
	}
	return nil
}

// Effect is what a yes allows: one attempt at one step, with these arguments and no others.
type Effect struct {
	Step      string           `json:"step"`
	Attempt   int              `json:"attempt"`
	Uses      string           `json:"uses"`
	Arguments condition.Values `json:"arguments,omitempty"`
	// Argv is the program that it runs, with all its arguments; empty where it runs none.
	Argv []string `json:"argv,omitempty"`
}

// ID makes the id of a request; run is the id of the run that opens it.
func ID(workflow, step string, number int, run string) string {
	return workflow + ":" + step + "." + strconv.Itoa(number) + "@" + run[max(0, len(run)-runDigits):]
}

// runDigits is how many digits of the run's id are in a request's. The number in front tells the requests of one
// workflow apart, so these only have to differ between the few runs that ever had the same workflow id and number.
// They are the last ones: a run's id begins with the time (UUID version 7), so that runs of the same minute have the
// same first ones.
const runDigits = 8

// Split takes an id apart into the workflow, the step with its number, and the run; of an id that a person wrote
// short the run is empty. Without a colon there is nothing to take apart.
func Split(id string) (workflow, step, run string, ok bool) {
	at := strings.LastIndex(id, ":")
	if at < 1 || at == len(id)-1 {
		return "", "", "", false
	}
	step, run, _ = strings.Cut(id[at+1:], "@")
	return id[:at], step, run, step != ""
}

// Gate is the step that asks, of the step of a Split: that has the number of the request behind it.
func Gate(step string) string {
	return step[:max(0, strings.LastIndex(step, "."))]
}

// Short is the id without the run.
func (r Request) Short() string {
	short, _, _ := strings.Cut(r.ID[strings.LastIndex(r.ID, ":")+1:], "@")
	return r.ID[:strings.LastIndex(r.ID, ":")+1] + short
}

// limit and remind are the times of the request.
func (r Request) limit() time.Duration { return time.Duration(r.LimitSeconds) * time.Second }

// remind is how often people are reminded: at half of the time where the request does not say.
func (r Request) remind() time.Duration {
	if r.RemindSeconds > 0 {
		return time.Duration(r.RemindSeconds) * time.Second
	}
	return max(r.limit()/2, time.Second)
}
