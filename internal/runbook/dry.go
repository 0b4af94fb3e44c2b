package runbook

import (
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Planned is one step of a plan.
type Planned struct {
	Path     string           `json:"path"`
	Kind     Kind             `json:"kind"`
	Title    string           `json:"title,omitempty"`
	Risk     Risk             `json:"risk,omitempty"`
	Decision string           `json:"decision"`
	Uses     string           `json:"uses,omitempty"`
	With     condition.Values `json:"with,omitempty"`
	// Argv is the line of a command.
	Argv []string `json:"argv,omitempty"`
	// Undo is what would take the step back.
	Undo *PlannedUndo `json:"undo,omitempty"`
	Note string       `json:"note,omitempty"`
}

// PlannedUndo is an operation that would take a step back, with what it would be given as things are now. Of a scaling
// it is the number that is measured when the step is done.
type PlannedUndo struct {
	Uses string           `json:"uses"`
	With condition.Values `json:"with,omitempty"`
}

// The decisions of a plan about a step.
const (
	PlanRun       = "run"       // it would be done, as rendered
	PlanChecked   = "checked"   // it was really looked at: it held
	PlanStops     = "stops"     // it was really looked at, and the run would end here
	PlanSkip      = "skip"      // its condition does not hold
	PlanUndecided = "undecided" // only the run can tell
)

func (m *machine) planned(n Node, p Planned) {
	p.Path, p.Kind, p.Title = n.Path, n.Step.Kind, n.Step.Title
	if n.Step.Kind == Action {
		p.Risk, p.Uses = n.Step.Risk, n.Step.Uses
	}
	m.s.Plan = append(m.s.Plan, p)
}

// undecided plans a step of which only the run can tell whether it is done, with all below it.
func (m *machine) undecided(n Node, why string) {
	at := m.s.Node
	m.planned(n, Planned{Decision: PlanUndecided, Note: why})
	for i := at + 1; i <= at+n.Size; i++ {
		m.planned(m.p.Nodes[i], Planned{Decision: PlanUndecided, Note: "below " + n.Path})
	}
	m.leave()
}

// plan does a step of a dry run: reads are real until the first write is planned, for after it the world
// would be another one. A write is rendered, and taken to end well.
func (m *machine) plan(n Node, results map[string]ItemResult, message string) {
	switch n.Step.Kind {
	case Switch:
		for i := range n.Step.Cases {
			if r := results["case/"+itoa(i)]; r.Fault != "" {
				m.undecided(n, "case "+itoa(i+1)+": "+r.Fault)
				return
			} else if r.Value == true {
				break
			}
		}
		m.planned(n, Planned{Decision: PlanRun})
		m.choose(n, results)
		return
	case Call:
		m.planned(n, Planned{Decision: PlanRun})
		m.call(n, results)
		return
	case Check:
		if _, fault := filled("with", n.Step.With, results); fault == "" && !m.s.Acted && m.known(n) {
			m.check(n, results)
			return
		}
		m.planned(n, Planned{Decision: PlanUndecided, Note: "demands " + n.Step.Require.Text})
	case Action:
		m.s.Acted = m.s.Acted || n.Step.Risk != Read
		with, fault := filled("with", n.Step.With, results)
		decision := PlanRun
		if fault != "" {
			decision = PlanUndecided
		}
		m.planned(n, Planned{Decision: decision, With: with, Argv: m.p.argv(n.Step.Uses, with), Undo: plannedUndo(n, results), Note: fault})
	case GateStep:
		m.planned(n, Planned{Decision: PlanRun, Note: m.approvers(n)})
	case Rollback, Checkpoint:
		m.planned(n, Planned{Decision: PlanRun})
	case Wait, Manual, InputStep, Notify, Incident:
		m.planned(n, Planned{Decision: PlanRun, Note: message})
	}
	m.s.Steps[n.Path] = StepState{Outcome: OK}
	m.leave()
}

// approvers says who must approve what at a gate.
func (m *machine) approvers(n Node) string {
	g := n.Step.Gate
	who := strings.Join(n.Step.Groups, ", ")
	if g.Min > 1 {
		who = itoa(g.Min) + " persons of " + who
	}
	if g.NotInitiator {
		who += ", and not " + m.s.Run.Initiator + ","
	}
	return who + " must approve " + strings.Join(g.Approves, ", ")
}

// plannedUndo is what would take the step back. What cannot be told yet is left out of what it is given.
func plannedUndo(n Node, results map[string]ItemResult) *PlannedUndo {
	if n.Step.Undo == nil {
		return nil
	}
	with, _ := filled("undo", n.Step.Undo.With, results)
	return &PlannedUndo{Uses: n.Step.Undo.Uses, With: with}
}

// known says whether everything that a check reads of earlier steps is there already.
func (m *machine) known(n Node) bool {
	known := true
	//workflowcheck:ignore // the order does not show
	for name := range n.Step.Require.Uses {
		if strings.HasPrefix(name, "steps.") {
			_, ok := m.lookUp(n.Scope, name)
			known = known && ok
		}
	}
	return known
}

// planWatched is what a check of a dry run saw.
func (m *machine) planWatched(n Node, r WatchResult) {
	switch {
	case r.Held:
		m.planned(n, Planned{Decision: PlanChecked, Note: n.Step.Require.Text + " holds"})
		m.stepEnds(m.s.Node, OK, r.Outputs, "")
		m.leave()
	case r.Fault != "":
		m.planned(n, Planned{Decision: PlanStops, Note: "cannot be told: " + r.Fault})
		m.s.Refusals = append(m.s.Refusals, n.Path+": "+r.Fault)
		m.end()
	case n.Step.OnFalse == End:
		m.planned(n, Planned{Decision: PlanStops, Note: n.Step.Require.Text + " does not hold: there is nothing to do"})
		m.s.Ending = NotNeeded
		m.end()
	default:
		m.planned(n, Planned{Decision: PlanStops, Note: n.Step.Require.Text + " does not hold"})
		m.s.Refusals = append(m.s.Refusals, n.Path+": "+n.Step.Require.Text+" does not hold")
		m.end()
	}
}
