package request

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
)

// Outcome is how a request closed; empty while it is open.
type Outcome string

// The outcomes of requests.
const (
	Granted  Outcome = "granted"  // as many said yes as it needs
	Rejected Outcome = "rejected" // somebody said no
	Ordered  Outcome = "ordered"  // an operator chose
	Expired  Outcome = "expired"  // nobody answered in time
)

// Result is what came of an event.
type Result struct {
	// Outcome is set when the request has closed; By is then whose word it was, Reason what they said, Decision what
	// they chose, and Values what they filled in.
	Outcome  Outcome
	By       string
	Decision string
	Reason   string
	Values   condition.Values
	// Entry is for the ledger: Kind, who spoke, and the data.
	Entry *Entry
	// Reply answers the person whose word the event was.
	Reply *Reply
	// Deadline and Remind start the timers of those names anew; 0 leaves them.
	Deadline, Remind time.Duration
}

// Open fills in what an opened request needs: from here on it is asked.
func Open(r Request, at time.Time) (Request, Result) {
	r.Opened, r.Deadline = at, at.Add(r.limit())
	r.Shown = r.ShownSHA256()
	return r, Result{Entry: r.asked("request.opened"), Deadline: r.limit(), Remind: r.remind()}
}

// Remind tells the ones who may answer once more.
func (r Request) Remind(at time.Time) Result {
	result := Result{Entry: r.asked("request.reminded")}
	if left := r.Deadline.Sub(at); left > r.remind() {
		result.Remind = r.remind()
	}
	return result
}

// Expire is the deadline of a request: it escalates once where it says to whom, and else it closes.
func (r Request) Expire(at time.Time) (Request, Result) {
	if left := r.Deadline.Sub(at); left > 0 {
		return r, Result{Deadline: left} // the timer that fired was one of an earlier request
	}
	if len(r.EscalateTo) > 0 && !r.Escalated {
		r.Escalated = true
		r.Groups = slices.Clone(r.Groups)
		for _, g := range r.EscalateTo {
			if !slices.Contains(r.Groups, g) {
				r.Groups = append(r.Groups, g)
			}
		}
		r.Deadline = at.Add(r.limit())
		return r, Result{Entry: r.asked("request.escalated"), Deadline: r.limit(), Remind: r.remind()}
	}
	return r, Result{Outcome: Expired, Reason: "nobody answered " + r.Short() + " in time", Entry: r.asked("request.expired")}
}

// Answer takes a person's word. One that does not count is recorded as well, and answered.
func (r Request) Answer(a Answer) (Request, Result) {
	denied := func(why string) (Request, Result) {
		return r, Result{Entry: r.word("request.denied", a, why, nil), Reply: &Reply{Message: why}}
	}
	if why := r.mayNot(a); why != "" {
		return denied(why)
	}
	closed := Result{By: a.By, Decision: a.Decision, Reason: a.Reason}
	switch {
	case r.Kind == Order:
		closed.Outcome = Ordered
		return r, closed // the run says itself what it does, and records it
	case a.Decision == Reject:
		closed.Outcome = Rejected
		closed.Entry, closed.Reply = r.word("request.rejected", a, a.Reason, nil), &Reply{Accepted: true, Message: r.Short() + " is rejected"}
		return r, closed
	case len(r.Fields) > 0 || len(a.Fields) > 0:
		values, fault := input.Fill(r.Fields, a.Fields)
		if fault != "" {
			return denied(fault)
		}
		closed.Values = values
	}
	r.Answers, r.Persons = append(slices.Clone(r.Answers), a.By), append(slices.Clone(r.Persons), a.Standing.Person)
	if login := a.Standing.Login; login != "" { // who logged in behind root has approved, too
		r.Persons = append(r.Persons, login)
	}
	if w := a.Standing.Word; w != nil {
		r.Words = append(slices.Clone(r.Words), *w)
	}
	kind, said := "request.answered", " is answered"
	if r.Kind == Approval {
		kind, said = "request.approved", " is approved"
	}
	entry := r.word(kind, a, a.Reason, closed.Values)
	if left := max(r.Min, 1) - len(r.Answers); left > 0 {
		return r, Result{Entry: entry, Reply: &Reply{Accepted: true, Message: fmt.Sprintf("recorded; %d more must approve", left)}}
	}
	closed.Outcome, closed.Entry, closed.Reply = Granted, entry, &Reply{Accepted: true, Message: r.Short() + said}
	return r, closed
}

// Withdraw closes a request that nobody needs to answer any more.
func (r Request) Withdraw(why string) Result {
	entry := r.asked("request.withdrawn")
	entry.Asked.Reason = why
	return Result{Entry: entry}
}
