package runbooktest

import (
	"cmp"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// String names a word of somebody in a message.
func (p Person) String() string {
	switch {
	case p.Approve != "":
		return "approve " + p.Approve
	case p.Reject != "":
		return "reject " + p.Reject
	case p.Answer != "":
		return "answer " + p.Answer
	case p.At != "":
		return fmt.Sprintf("%s at %s", p.Verb, p.At)
	}
	return p.Verb
}

// Person lets the next one of the case act when the moment fits.
func (f *effects) Person(s runbook.State, now, next time.Time) (*runbook.Event, time.Duration) {
	f.attribute(s)
	if f.turn == len(f.script.People) {
		return nil, 0
	}
	p := f.script.People[f.turn]
	switch moment := f.fits(p, s); {
	case moment == "":
		f.moment = ""
		return nil, 0
	case moment != f.moment:
		f.moment, f.due = moment, now.Add(p.After)
	}
	if f.due.After(next) {
		return nil, 0
	}
	f.turn++
	f.moment = ""
	return word(p, s), max(f.due.Sub(now), 0)
}

// fits names the moment when it is one at which the person acts, and is empty when it is none.
func (f *effects) fits(p Person, s runbook.State) string {
	asks := ""
	if s.Request != nil {
		asks = s.Request.ID
	}
	path, person := f.program.Nodes[s.Node].Path, p.Approve+p.Reject+p.Answer
	switch {
	case person != "" && s.Request != nil && s.Request.Step == person && s.Request.Kind != request.Order:
		return asks
	case person != "":
		return ""
	case p.At == "":
		return asks
	case p.At == path && s.Phase != runbook.Probing && s.Phase != runbook.Evaluating && s.Phase != runbook.Undoing:
		return "at " + path
	}
	return ""
}

// word is what the person says.
func word(p Person, s runbook.State) *runbook.Event {
	standing := request.Standing{Groups: p.Groups, Operator: p.Verb != "", Proof: &identity.Proof{Who: p.By}} // a case is not about proofs
	if p.Verb != "" {
		return &runbook.Event{Verb: &runbook.Verb{Verb: p.Verb, By: p.By, Via: "cli", Standing: standing, Reason: cmp.Or(p.Reason, "the case says so")}}
	}
	decision := request.Approve
	if p.Reject != "" {
		decision = request.Reject
	}
	return &runbook.Event{Answer: &request.Answer{
		Request: s.Request.ID, Shown: s.Request.Shown, By: p.By, Via: "cli", Standing: standing, Decision: decision, Reason: p.Reason, Fields: p.Fields,
	}}
}
