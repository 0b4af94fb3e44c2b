package request

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Statement is what a person says by an answer to the request: all that decides, from what the run asks and from the
// person's own part. The cluster is left to whoever signs or checks it.
func (r Request) Statement(a Answer) identity.Statement {
	run, _, _, _ := Split(r.ID)
	s := identity.Statement{
		Do: r.Kind.Does(a.Decision), Who: a.By, Login: a.Login, Host: r.Host, Run: run, RunID: r.RunID, Request: r.ID, Plan: r.PlanSHA256,
		Arguments: map[string]string{}, Fields: map[string]string{}, Reason: a.Reason, Until: r.until(a.At), At: a.At, Nonce: a.Nonce,
	}
	for _, e := range r.Allows {
		s.Arguments[e.Step] = e.Allowed()
	}
	if len(r.Allows) > 0 {
		s.Arguments[DefinitionArgument] = r.Definition
	}
	for _, name := range a.Fields.Names() {
		s.Fields[name] = condition.Spell(a.Fields[name])
	}
	return s
}

// DefinitionArgument names what the run follows among the arguments of a statement, which else are steps: what an approval
// takes is read there.
const DefinitionArgument = "--definition"

// LongestTimes is how many times its own time what a request allows may last from when it was opened: the time itself, the
// same once it has escalated, and the same from the last answer.
const LongestTimes = 3

// Allowed is the effect as a statement says it.
func (e Effect) Allowed() string {
	return fmt.Sprintf("%s (attempt %d)", Call(e.Uses, e.Arguments, e.Argv), e.Attempt)
}

// Does is the statement's word for a decision.
func (k Kind) Does(decision string) string {
	switch {
	case decision != Approve:
		return decision
	case k == Confirmation:
		return "confirm"
	case k == Input:
		return "input"
	}
	return decision
}

// until is when what a yes allows ends: after the time of the request, counted from the yes, and where several have to say
// it from when the last may, whether it escalates or not.
func (r Request) until(at time.Time) time.Time {
	switch {
	case len(r.Allows) == 0 || at.IsZero():
		return time.Time{}
	case r.Min > 1:
		return r.Opened.Add(LongestTimes * r.limit())
	}
	return at.Add(r.limit())
}
