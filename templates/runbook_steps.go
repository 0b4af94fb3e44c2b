package templates

import (
	"fmt"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// steps reads a list of steps. What each puts out can be used by those behind it.
func (r *runbookReader) steps(at string, files []stepFile, nesting int) []runbook.Step {
	if nesting > maxNesting {
		r.doc.Fault(at, "is nested more than %d deep; move it into a runbook of its own", maxNesting)
		return nil
	}
	if len(files) == 0 {
		return nil
	}
	steps := make([]runbook.Step, len(files)) // its entries stay in place: open calls point to them
	for i, f := range files {
		r.step(fmt.Sprintf("%s[%d]", at, i), f, &steps[i], nesting)
	}
	for i, f := range files {
		if steps[i].Gate != nil {
			r.approves(fmt.Sprintf("%s[%d].approves", at, i), f, steps[i], steps[i+1:])
		}
	}
	return steps
}

func (r *runbookReader) step(at string, f stepFile, s *runbook.Step, nesting int) {
	r.count++
	r.doc.Require(at + ".id")
	if r.doc.Has(at+".id") && r.isLabel(at+".id", f.ID) {
		if other, twice := r.ids[f.ID]; twice {
			r.doc.Fault(at+".id", "%s is also the id of %s; an id is unique in its file", f.ID, other)
		} else {
			r.ids[f.ID] = at
		}
	}
	kind, ok := r.kind(at, f.Kind)
	if !ok {
		r.unknown = append(r.unknown, "steps."+f.ID+".")
		return
	}
	*s = runbook.Step{ID: f.ID, Kind: kind, Title: f.Title, Risk: runbook.Read, TimeoutSeconds: f.Timeout.Seconds()}
	s.When = r.expression(at+".when", f.When, r.names, condition.Bool)
	outputs := condition.Types{}
	switch kind {
	case runbook.Check:
		outputs = r.check(at, f, s)
	case runbook.Action:
		outputs = r.action(at, f, s)
	case runbook.GateStep:
		r.gate(at, f, s)
		outputs["approved_by"] = condition.String
	case runbook.Manual, runbook.InputStep:
		outputs = r.person(at, f, s)
	case runbook.Wait:
		r.wait(at, f, s)
	case runbook.Switch:
		r.branches(at, f, s, nesting)
	case runbook.Call:
		r.call(at, f, s)
	case runbook.Notify:
		r.groups(at+".groups", f.Groups)
		s.Groups = f.Groups
	case runbook.Incident:
		if r.doc.Has(at + ".severity") {
			s.Severity, _ = oneOf(&r.reader, at+".severity", "severity", f.Severity, request.Severities)
		}
		outputs["id"] = condition.String
	case runbook.Checkpoint:
		r.checkpoints = append(r.checkpoints, f.ID)
	case runbook.Rollback:
		r.rollback(at, f, s)
	}
	s.Message, s.MessageUses = r.message(at+".message", f.Message)
	r.names["steps."+f.ID+".outcome"] = condition.String
	for name, t := range outputs {
		r.names["steps."+f.ID+"."+name] = t
	}
}
