package runbook

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

// evaluated goes on with what the expressions said: first the guards, then the step's own condition,
// then the step. What cannot be told fails closed.
func (m *machine) evaluated(results map[string]ItemResult) {
	n := m.node()
	if !m.guarded(n, results) {
		return
	}
	if !n.Step.When.Zero() {
		switch r := results["when"]; {
		case r.Fault != "" && m.s.Run.Dry:
			m.undecided(n, "when: "+r.Fault)
			return
		case r.Fault != "":
			m.stepFails(Failed, "when: "+m.explain(r.Fault))
			return
		case r.Value != true:
			m.skip(n, "when "+n.Step.When.Text+" does not hold")
			return
		}
	}
	message := n.Step.Message
	if r := results["message"]; r.Fault == "" && message != "" {
		message, _ = r.Value.(string)
	}
	if m.s.Run.Dry {
		m.plan(n, results, message)
		return
	}
	m.start(n, results, message)
}

// start does the step at work.
func (m *machine) start(n Node, results map[string]ItemResult, message string) {
	st := m.s.Steps[n.Path]
	if st.Started.IsZero() {
		st.Started = m.now
	}
	if n.Step.Kind == Check {
		st.Message = message // it is said when the check fails
	}
	m.s.Steps[n.Path] = st
	switch n.Step.Kind {
	case Check:
		m.check(n, results)
	case Action:
		m.act(n, results)
	case GateStep:
		m.gate(m.s.Node, n.Step.Gate.Approves, results, message)
	case Manual, InputStep:
		kind := request.Confirmation
		if n.Step.Kind == InputStep {
			kind = request.Input
		}
		m.ask(request.Request{
			Kind: kind, Step: n.Path, Message: message, Groups: n.Step.Groups, Fields: n.Step.Fields, Choices: kind.Choices(),
			LimitSeconds: n.Step.TimeoutSeconds, RemindSeconds: n.Step.RemindSeconds,
		})
	case Wait:
		m.wait(n)
	case Switch:
		m.choose(n, results)
	case Call:
		m.call(n, results)
	case Notify:
		m.notify(request.Notification{Step: n.Path, Message: message, Groups: n.Step.Groups, About: "notify"})
		m.done(nil, "")
	case Incident:
		m.incident(n, message)
	case Checkpoint:
		m.done(nil, "")
	case Rollback:
		m.rollback(n)
	}
}

// done ends the step at work well and goes on.
func (m *machine) done(outputs condition.Values, message string) {
	m.stepEnds(m.s.Node, OK, outputs, message)
	m.leave()
}

func (m *machine) skip(n Node, why string) {
	if m.s.Run.Dry {
		m.planned(n, Planned{Decision: PlanSkip, Note: why})
	}
	m.stepEnds(m.s.Node, Skipped, nil, why)
	m.leave()
}

// guarded looks at the guards where they are due. When one does not hold, nothing more is done.
func (m *machine) guarded(n Node, results map[string]ItemResult) bool {
	guards := m.guards(n)
	m.s.GuardsDue = m.s.GuardsDue && n.Failing
	for i, g := range guards {
		r := results["guard/"+itoa(i)]
		why := g.Message
		switch {
		case r.Fault != "":
			why = "a guard cannot be told: " + m.explain(r.Fault) + "; " + g.Message
		case r.Value == true:
			continue
		}
		if m.s.Run.Dry {
			m.s.Refusals = append(m.s.Refusals, why)
			continue
		}
		m.record("guard", "guard.failed", "", GuardFailed{Runbook: m.s.Run.Name, Step: n.Path, Reason: why})
		m.stepEnds(m.s.Node, Failed, nil, why)
		ending := RunFailed
		if !m.s.Acted {
			ending = Refused
		}
		m.fail(ending, why)
		return false
	}
	return true
}

// choose takes the first branch whose condition holds.
func (m *machine) choose(n Node, results map[string]ItemResult) {
	for i, c := range n.Step.Cases {
		if !c.When.Zero() {
			r := results["case/"+itoa(i)]
			if r.Fault != "" {
				m.stepFails(Failed, "case "+itoa(i+1)+": "+m.explain(r.Fault))
				return
			}
			if r.Value != true {
				continue
			}
		}
		m.stepEnds(m.s.Node, OK, nil, "case "+itoa(i+1))
		m.enter(n.Branches[i])
		return
	}
	m.done(nil, "no case holds")
}

// call begins the steps of another runbook, with names of their own.
func (m *machine) call(n Node, results map[string]ItemResult) {
	given, fault := filled("with", n.Step.With, results)
	if fault == "" {
		given, fault = input.Fill(n.Step.Called.Inputs, given)
	}
	if fault != "" {
		m.stepFails(Failed, fault)
		return
	}
	m.s.Inputs[n.Path+"/"] = given
	m.s.GuardsDue = m.s.GuardsDue || len(n.Step.Called.Guards) > 0
	m.stepEnds(m.s.Node, OK, nil, "")
	m.enter(n.Into)
}

// incident opens one in the ledger. Its id is made of the run, so that the same step never opens two.
func (m *machine) incident(n Node, title string) {
	severity := n.Step.Severity
	if severity == "" {
		severity = n.Definition.Severity
	}
	id := IncidentID(m.s.Run, n.Path, m.s.Recorded)
	m.record("incident", "incident.opened", m.s.Run.Initiator, IncidentOpened{
		Runbook: m.s.Run.Name, Step: n.Path, Incident: id, Title: title, Severity: severity,
	})
	m.done(condition.Values{"id": id}, "")
}

// refresh drops all that was measured: it is read again when it is next used, and the guards with it.
func (m *machine) refresh() {
	m.s.Readings = map[string]Reading{}
	m.s.GuardsDue = true
}

// refreshAfter drops what was measured before a long wait.
func (m *machine) refreshAfter(since time.Time) {
	if m.now.Sub(since) > longWait {
		m.refresh()
	}
}
