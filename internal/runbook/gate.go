package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// gate asks for the approval of steps that follow, each as it would be done now.
func (m *machine) gate(at int, ids []string, results map[string]ItemResult, message string) {
	n := m.p.Nodes[at]
	var wanted []Approval
	for _, id := range ids {
		step := m.p.Nodes[m.p.Find(n.Scope+id)]
		with, fault := filled("approve/"+id, step.Step.With, results)
		if fault != "" {
			m.stepFails(Failed, "what is to be approved is not known yet: "+id+": "+m.explain(fault))
			return
		}
		wanted = append(wanted, Approval{Path: step.Path, Attempt: m.s.Steps[step.Path].Attempt + 1, Uses: step.Step.Uses, With: with})
	}
	m.askApproval(n, wanted, message)
}

func (m *machine) askApproval(gate Node, wanted []Approval, message string) {
	risk := Write
	for i, w := range wanted {
		wanted[i].PlanSHA256 = m.s.Run.PlanSHA256
		if m.p.Nodes[m.p.Find(w.Path)].Step.Risk == Destructive {
			risk = Destructive
		}
	}
	g := gate.Step.Gate
	m.ask(Request{
		Kind: AskApproval, Path: gate.Path, Message: message, Groups: gate.Step.Groups, Min: max(g.Min, 1), NotInitiator: g.NotInitiator,
		Approves: wanted, Risk: risk, Choices: []string{"approve", "reject"},
	}, Duration(gate.Step.TimeoutSeconds), remindEvery(gate.Step))
}

// answer is a person's word on the open request. A word that does not count is recorded as well, and answered.
func (m *machine) answer(a Answer) {
	r := m.s.Request
	if r == nil || r.ID != a.Request {
		m.reply(false, a.Request+" is not open")
		return
	}
	if why := m.mayNot(*r, a); why != "" {
		data := r.about()
		data.Message, data.Via, data.Outcome = why, a.Via, "denied"
		m.record("denied", "request.denied", a.By, data)
		m.reply(false, why)
		return
	}
	data := r.about()
	data.Message, data.Via = a.Reason, a.Via
	if !a.Approve {
		data.Outcome = "rejected"
		m.record("rejected", "request.rejected", a.By, data)
		closed := m.closeRequest()
		why := "rejected by " + a.By
		if a.Reason != "" {
			why += ": " + a.Reason
		}
		m.stepEnds(m.s.Node, Failed, nil, why)
		m.reply(true, closed.ID+" is rejected")
		m.fail(Rejected, closed.Path+": "+why)
		return
	}
	if r.Kind != AskApproval {
		values, _ := FillInputs(r.Fields, a.Fields)
		data.Outcome, data.Outputs = "answered", values
		m.record("answered", "request.answered", a.By, data)
		closed := m.closeRequest()
		m.refreshAfter(closed.Opened)
		m.reply(true, closed.ID+" is answered")
		m.done(values, "")
		return
	}
	r.Answers = append(r.Answers, a.By)
	data.Outcome = "approved"
	m.record("approved", "request.approved", a.By, data)
	if left := r.Min - len(r.Answers); left > 0 {
		m.reply(true, fmt.Sprintf("recorded; %d more must approve", left))
		return
	}
	m.approve(m.closeRequest())
}

// approve keeps the approvals and goes on: behind the gate, or with the step that had asked again. All
// that was measured is measured again first.
func (m *machine) approve(r Request) {
	gate := m.p.Nodes[m.p.Find(r.Path)]
	for _, a := range r.Approves {
		a.By, a.Until = r.Answers, m.now.Add(Duration(gate.Step.TimeoutSeconds))
		m.s.Approvals = append(m.s.Approvals, a)
	}
	m.refresh()
	m.reply(true, r.ID+" is approved")
	if m.node().Path == gate.Path {
		m.done(condition.Values{"approved_by": strings.Join(r.Answers, ", ")}, "")
		return
	}
	m.enter(m.s.Node)
}

// mayNot says why a person's word does not count; empty when it does.
func (m *machine) mayNot(r Request, a Answer) string {
	switch {
	case r.Kind != AskApproval && r.Kind != AskManual && r.Kind != AskInput:
		return r.ID + " is for an operator: " + strings.Join(r.Choices, ", ")
	case !slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(a.Standing.Groups, g) }):
		return a.By + " is in none of the groups " + strings.Join(r.Groups, ", ")
	case r.NotInitiator && a.By == m.s.Run.Initiator:
		return a.By + " started this run, and somebody else must answer"
	case a.PlanSHA256 != "" && a.PlanSHA256 != r.PlanSHA256:
		return "the plan is another one than " + a.PlanSHA256
	case a.Approve && r.Kind == AskApproval && a.Standing.mustProve(r.Risk):
		return "a " + string(r.Risk) + " step needs an approval from Slack, which knows who answers; the command line does not"
	case a.Approve && slices.Contains(r.Answers, a.By):
		return a.By + " has approved it already"
	case a.Approve && r.Kind != AskApproval:
		_, fault := FillInputs(r.Fields, a.Fields)
		return fault
	}
	return ""
}

// mustProve says whether the configuration wants an authenticated person for that risk.
func (s Standing) mustProve(risk Risk) bool {
	return !s.Authenticated && (s.AuthenticatedFrom == risk || s.AuthenticatedFrom == Write && risk == Destructive)
}
