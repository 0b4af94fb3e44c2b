package runbook

import (
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

// gate asks for the approval of steps that follow, each as it would be done now.
func (m *machine) gate(at int, ids []string, results map[string]ItemResult, message string) {
	n := m.p.Nodes[at]
	var wanted []request.Effect
	for _, id := range ids {
		step := m.p.Nodes[m.p.Find(n.Scope+id)]
		with, fault := filled("approve/"+id, step.Step.With, results)
		if fault != "" {
			m.stepFails(Failed, "what is to be approved is not known yet: "+id+": "+m.explain(fault))
			return
		}
		wanted = append(wanted, request.Effect{Step: step.Path, Attempt: m.s.Steps[step.Path].Attempt + 1, Uses: step.Step.Uses, Arguments: with, Argv: m.p.argv(step.Step.Uses, with)})
	}
	st := m.s.Steps[n.Path]
	st.Asked = message
	m.s.Steps[n.Path] = st
	m.askApproval(n, wanted, message)
}

func (m *machine) askApproval(gate Node, wanted []request.Effect, message string) {
	risk := Write
	for _, w := range wanted {
		if m.p.Nodes[m.p.Find(w.Step)].Step.Risk == Destructive {
			risk = Destructive
		}
	}
	g := gate.Step.Gate
	r := request.Request{
		Kind: request.Approval, Step: gate.Path, Message: message, Groups: gate.Step.Groups, Min: max(g.Min, 1), Allows: wanted, Risk: risk,
		Choices: request.Approval.Choices(), LimitSeconds: gate.Step.TimeoutSeconds, RemindSeconds: gate.Step.RemindSeconds,
	}
	if g.NotInitiator {
		r.Not = []string{m.s.Run.Initiator}
		if start := m.s.Run.Start; start != nil && start.Statement.Login != "" { // who logged in behind root
			r.Not = append(r.Not, start.Statement.Login)
		}
		if m.s.Run.Start == nil || m.s.Run.Nobody {
			r.Min++ // whoever started it may be one of them, and somebody else must be
		}
	}
	if g.OnTimeout == Escalate {
		r.EscalateTo = g.EscalateTo
	}
	m.ask(r)
}

// approve keeps the approvals and goes on: behind the gate, or with the step that had asked again. All
// that was measured is measured again first.
func (m *machine) approve(r request.Request, reply Command) {
	gate := m.p.Nodes[m.p.Find(r.Step)]
	until := m.now.Add(Duration(gate.Step.TimeoutSeconds))
	for _, e := range r.Allows {
		m.s.Approvals = append(m.s.Approvals, Approval{Effect: e, PlanSHA256: r.PlanSHA256, By: r.Answers, Words: r.Words, Until: until})
	}
	m.refresh()
	m.out(reply)
	if m.node().Path == gate.Path {
		m.done(condition.Values{"approved_by": strings.Join(r.Answers, ", ")}, "")
		return
	}
	m.enter(m.s.Node)
}
