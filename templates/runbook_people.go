package templates

import (
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (r *runbookReader) gate(at string, f stepFile, s *runbook.Step) {
	r.answer(at, f.Groups, f.Timeout, f.Remind)
	s.Groups, s.RemindSeconds = f.Groups, f.Remind.Seconds()
	r.number(at+".min", f.Min, 1, 20)
	s.Gate = &runbook.Gate{Approves: f.Approves, Min: max(f.Min, 1), OnTimeout: runbook.Reject, EscalateTo: f.EscalateTo}
	if r.doc.Has(at + ".not") {
		s.Gate.NotInitiator = f.Not == "initiator"
		if !s.Gate.NotInitiator {
			r.doc.Fault(at+".not", "%s is not known; write initiator", strictyaml.Quote(f.Not))
		}
	}
	if r.doc.Has(at+".on_timeout") && r.doc.Sound(at+".on_timeout") {
		s.Gate.OnTimeout = f.OnTimeout
		if f.OnTimeout != runbook.Reject && f.OnTimeout != runbook.Escalate {
			r.doc.Fault(at+".on_timeout", "%s is refused: nothing is approved by a timeout; write reject or escalate", strictyaml.Quote(f.OnTimeout))
		}
	}
	if f.OnTimeout == runbook.Escalate {
		r.doc.Require(at + ".escalate_to")
	} else if r.doc.Has(at + ".escalate_to") {
		r.doc.Fault(at+".escalate_to", "is for on_timeout: escalate; write that or remove it")
	}
	r.groups(at+".escalate_to", f.EscalateTo)
}

// approves checks that a gate stands before what it approves.
func (r *runbookReader) approves(at string, f stepFile, gate runbook.Step, behind []runbook.Step) {
	if r.doc.Has(at) && len(f.Approves) == 0 {
		r.doc.Fault(at, "is empty; name the steps that wait for the approval")
	}
	actions := actionsIn(behind)
	for i, id := range f.Approves {
		at := fmt.Sprintf("%s[%d]", at, i)
		other, known := r.gates[id]
		switch {
		case slices.Contains(f.Approves[:i], id):
			r.doc.Fault(at, "%s is there twice; remove it", strictyaml.Quote(id))
		case !slices.Contains(actions, id) && r.ids[id] != "":
			r.doc.Fault(at, "%s is no action that follows this gate; %s", strictyaml.Quote(id), strictyaml.Instead("", actions))
		case !slices.Contains(actions, id):
			r.doc.Fault(at, "there is no action %s behind this gate; %s", strictyaml.Quote(id), strictyaml.Instead(id, actions))
		case known:
			r.doc.Fault(at, "%s is approved by %s already; keep one gate for each step", id, other)
		default:
			r.gates[id] = gate.ID
		}
	}
}

// actionsIn are the ids of the actions in a list, those in branches included.
func actionsIn(steps []runbook.Step) []string {
	var ids []string
	for _, s := range steps {
		if s.Kind == runbook.Action && s.ID != "" {
			ids = append(ids, s.ID)
		}
		for _, c := range s.Cases {
			ids = append(ids, actionsIn(c.Steps)...)
		}
	}
	return ids
}

// person reads a step in which a person does something or fills something in.
func (r *runbookReader) person(at string, f stepFile, s *runbook.Step) condition.Types {
	r.answer(at, f.Groups, f.Timeout, f.Remind)
	s.Groups, s.RemindSeconds = f.Groups, f.Remind.Seconds()
	if s.Kind == runbook.InputStep && r.doc.Has(at+".fields") && len(f.Fields) == 0 {
		r.doc.Fault(at+".fields", "is empty; write what is to be filled in")
	}
	before := len(r.unknown)
	s.Fields = r.inputs(at+".fields", f.Fields)
	if len(r.unknown) > before {
		r.unknown = append(r.unknown[:before], "steps."+f.ID+".")
	}
	outputs := condition.Types{}
	for _, field := range s.Fields {
		if field.Name == "outcome" {
			r.doc.Fault(at+".fields.outcome", "is what every step has; take another name")
		}
		outputs[field.Name] = field.Type
	}
	return outputs
}
