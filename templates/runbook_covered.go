package templates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// covered reports every destructive step that a run could reach without having passed a gate for it.
// passed are the gates before a list and around it; whens are the conditions under which the list is
// reached.
func (r *runbookReader) covered(at string, steps []runbook.Step, passed []runbook.Step, whens []string) {
	passed = slices.Clone(passed)
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", at, i)
		reached := append(slices.Clone(whens), s.When.Text)
		if s.Risk == runbook.Destructive {
			r.coveredStep(at, s, passed, reached)
		}
		if gate, ok := r.gates[s.ID]; ok {
			r.approvable(at, s, gate)
		}
		for j, c := range s.Cases {
			r.covered(fmt.Sprintf("%s.cases[%d].steps", at, j), c.Steps, passed, append(slices.Clone(reached), c.When.Text))
		}
		if s.Gate != nil {
			passed = append(passed, s)
			r.asked[s.ID] = len(r.ended)
		}
		r.ended = append(r.ended, s.ID)
	}
}

func (r *runbookReader) coveredStep(at string, s runbook.Step, passed []runbook.Step, reached []string) {
	for _, gate := range passed {
		if !slices.Contains(gate.Gate.Approves, s.ID) {
			continue
		}
		if !gate.When.Zero() && !slices.Contains(reached, gate.When.Text) {
			r.doc.Fault(at, "%s is destructive, and its gate %s may be left out; give the gate no when, or the one of %s", s.ID, gate.ID, s.ID)
		}
		return
	}
	r.doc.Fault(at, "%s is destructive and nobody has to approve it; put a gate with approves: [%s] before it", s.ID, s.ID)
}

// approvable reports an argument that no approval can be for, because it is for the arguments that are shown: one that is
// another whenever it is evaluated, and one that is not known yet when the gate asks.
func (r *runbookReader) approvable(at string, s runbook.Step, gate string) {
	for _, f := range s.With {
		if _, varies := f.Value.Expression.Uses["now"]; varies {
			r.doc.Fault(at+".with."+f.Name, "uses now, which has passed when %s is approved, so that the gate would ask for ever; write an input in its place", gate)
		}
		for _, id := range stepsIn(f.Value.Expression.Uses) {
			switch {
			case id == gate:
				r.doc.Fault(at+".with."+f.Name, "uses what %s gives, which is not known yet when it asks; use something else", gate)
			case !slices.Contains(r.ended[:r.asked[gate]], id):
				r.doc.Fault(at+".with."+f.Name, "uses steps.%s, which is not known yet when %s asks; put %s behind %s", id, gate, gate, id)
			}
		}
	}
}

// stepsIn are the ids of the steps of which an expression uses something, sorted.
func stepsIn(uses condition.Types) []string {
	var ids []string
	for name := range uses {
		if rest, ok := strings.CutPrefix(name, "steps."); ok {
			id, _, _ := strings.Cut(rest, ".")
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
