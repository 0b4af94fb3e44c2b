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
	for _, name := range a.Fields.Names() {
		s.Fields[name] = condition.Spell(a.Fields[name])
	}
	return s
}

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

// until is when what a yes allows ends: after the time of the request, counted from the yes.
func (r Request) until(at time.Time) time.Time {
	if len(r.Allows) == 0 || at.IsZero() {
		return time.Time{}
	}
	return at.Add(r.limit())
}
