package request

import (
	"maps"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/press"
)

// ViaSlack is how a word comes that was pressed in Slack.
const ViaSlack = "slack"

// Pressed is the answer that a press is, without its evidence. Its fields have the names of the request's.
func Pressed(p press.Press) Answer {
	a := Answer{
		Request: p.Request, Shown: p.Shown, Decision: p.Decision, By: p.Who(), Via: ViaSlack, Reason: p.Reason,
		Said: identity.Said{At: p.At, Nonce: p.ID},
	}
	//workflowcheck:ignore // the order does not show
	for name, value := range p.Fields {
		if a.Fields == nil {
			a.Fields = condition.Values{}
		}
		a.Fields[name] = value
	}
	return a
}

// PressFault says what is wrong with the form of a press; empty when nothing is. Who may, and whether the request is open,
// is not its business.
func PressFault(p press.Press) string {
	for _, id := range []string{p.ID, p.Team, p.User, p.Channel, p.Message} {
		if id == "" || len(id) > maxName || !oneLine(id) {
			return "a press has an id, and says who pressed and where"
		}
	}
	if _, _, ok := identity.CutSlack(p.Who()); !ok || p.At.IsZero() {
		return "a press says who pressed, and when"
	}
	return Pressed(p).Malformed()
}

// Whole says of a decision pressed in a chat that all that the run is allowed by it is signed: a yes to what cannot be
// taken back. Of any other decision Shown is signed.
func (r Request) Whole(decision string) bool {
	return r.Risk == Destructive && decision != "" && decision == r.Kind.Yes()
}

// Says is what a person says by a press about the request. The cluster is left to whoever signs or checks it.
func (r Request) Says(p press.Press) identity.Statement {
	if r.Whole(p.Decision) {
		return r.Statement(Pressed(p))
	}
	return Says(p)
}

// Says is what a person says by a press, as far as a button knows what it is about: so nobody needs to ask the run. No
// effect that needs approval is allowed by it where it has to be proven.
func Says(p press.Press) identity.Statement {
	run, _, _, _ := Split(p.Request)
	s := identity.Statement{
		Do: p.Decision, Who: p.Who(), Host: hostOf(run), Run: run, Request: p.Request, Shown: p.Shown,
		Arguments: map[string]string{}, Fields: map[string]string{}, Reason: p.Reason, At: p.At, Nonce: p.ID,
	}
	//workflowcheck:ignore // the order does not show
	maps.Copy(s.Fields, p.Fields)
	return s
}

// hostOf is the host that the id of a run names, runbook/HOST/…; empty where it names none.
func hostOf(run string) string {
	of, rest, _ := strings.Cut(run, "/")
	host, _, ok := strings.Cut(rest, "/")
	if of != "runbook" || !ok {
		return ""
	}
	return host
}
