package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Word is what a person said.
type Word struct {
	By       string
	Decision string
	Reason   string
	// Claimed says that nobody vouches for who said it.
	Claimed bool
	At      time.Time
}

// open says who may answer, who has, and until when.
func (a Ask) open() []Section {
	r := a.Request
	who := joined(r.Groups)
	if r.Kind == request.Order {
		who = "the operators"
	}
	answered := fmt.Sprintf("%d of %d", len(r.Answers), max(r.Min, 1))
	if len(r.Answers) > 0 {
		answered += ", " + joined(r.Answers)
	}
	until := a.when(r.Deadline)
	if r.Escalated {
		until += ", escalated"
	}
	return []Section{{Facts: facts("who may answer", who, "who may not", joined(r.Not), "answered", answered, "until", until)}}
}

// progress is a message of a few words in the thread of the request.
func (a Ask) progress(title string, sections ...Section) Message {
	return Message{Title: a.title(title), Severity: a.Severity, State: slices.Concat(sections, a.open()), Context: []string{a.Request.ID}, Thread: true}
}

// Answered tells that a person has said yes, and others still have to.
func Answered(a Ask, w Word) Message {
	return a.progress("One more has answered", a.said(w)...)
}

// Reminded asks once more.
func Reminded(a Ask) Message { return a.progress("Still waiting") }

// Escalated asks those whom nobody's answer has escalated to.
func Escalated(a Ask) Message {
	return a.progress("Nobody has answered, and now others may, too", Section{Facts: facts("escalated to", joined(a.Request.EscalateTo))})
}

// said is a person's word, with the reason among the lines from outside.
func (a Ask) said(w Word) []Section {
	by := ""
	if w.By != "" {
		by = condition.Quoted(w.By)
	}
	if w.Claimed && by != "" {
		by += " (claimed, nobody vouches for it)"
	}
	out := []Section{{Facts: facts("said", a.Request.Kind.Does(w.Decision), "by", by, "at", a.when(w.At))}}
	if strings.TrimSpace(w.Reason) != "" {
		out = append(out, Section{Heading: "Reason", Lines: linesOf(w.Reason)})
	}
	return out
}

// Withdrawn is the outcome of a request that nobody needs to answer any more.
const Withdrawn request.Outcome = "withdrawn"

var ended = map[request.Outcome]string{
	request.Granted: "Granted", request.Rejected: "Rejected", request.Ordered: "Ordered", request.Expired: "Nobody answered in time", Withdrawn: "Withdrawn",
}

// Closed is the request once it has an outcome. It takes the place of what Asked made: its sections are the same, and
// it has no buttons. The word is whose it closed by; where it was nobody's, only its reason and time count.
func Closed(a Ask, outcome request.Outcome, w Word) Message {
	m := a.message(ended[outcome])
	m.State = a.said(w)
	if len(a.Request.Answers) > 0 {
		m.State = append([]Section{{Facts: facts("answered", joined(a.Request.Answers))}}, m.State...)
	}
	return m
}
