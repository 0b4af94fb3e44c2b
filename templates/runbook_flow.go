package templates

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// wait reads a step that takes a time, or that waits until something holds.
func (r *runbookReader) wait(at string, f stepFile, s *runbook.Step) {
	hasFor, hasUntil := r.doc.Has(at+".for"), r.doc.Has(at+".until")
	switch {
	case hasFor && hasUntil:
		r.doc.Fault(at+".until", "a wait has for or until, not both; remove one")
	case !hasFor && !hasUntil:
		r.doc.Fault(at, "says neither how long nor for what; write for: 30s, or until and timeout")
	case hasFor:
		for _, key := range []string{"every", "timeout"} {
			if r.doc.Has(at + "." + key) {
				r.doc.Fault(at+"."+key, "belongs to until; remove it")
			}
		}
		r.within(at+".for", time.Duration(f.For), time.Second, longestWait)
		s.ForSeconds = f.For.Seconds()
		return
	}
	s.Until = r.expression(at+".until", f.Until, r.names, condition.Bool)
	if hasUntil {
		r.doc.Require(at + ".timeout")
	}
	r.within(at+".every", time.Duration(f.Every), time.Second, longestEvery)
	r.within(at+".timeout", time.Duration(f.Timeout), time.Second, longestWait)
	if s.EverySeconds = f.Every.Seconds(); s.EverySeconds == 0 {
		s.EverySeconds = pollSeconds
	}
}

// branches reads the cases of a switch.
func (r *runbookReader) branches(at string, f stepFile, s *runbook.Step, nesting int) {
	if r.doc.Has(at+".cases") && len(f.Cases) == 0 {
		r.doc.Fault(at+".cases", "is empty; write at least one case")
	}
	s.Cases = make([]runbook.Case, len(f.Cases))
	for i, c := range f.Cases {
		at := fmt.Sprintf("%s.cases[%d]", at, i)
		if !r.doc.Has(at+".when") && i < len(f.Cases)-1 {
			r.doc.Fault(at, "has no when and would take all that reach it; give it one or put it last")
		}
		r.doc.Require(at + ".steps")
		if r.doc.Has(at+".steps") && len(c.Steps) == 0 {
			r.doc.Fault(at+".steps", "is empty; write what is done in this case, or leave the case out")
		}
		s.Cases[i].When = r.expression(at+".when", c.When, r.names, condition.Bool)
		s.Cases[i].Steps = r.steps(at+".steps", c.Steps, nesting+1)
	}
}

// call notes a step that runs another runbook; resolve fills it in.
func (r *runbookReader) call(at string, f stepFile, s *runbook.Step) {
	s.Uses = f.Runbook
	if f.Runbook == "" || !r.doc.Sound(at+".runbook") {
		return
	}
	r.draft.calls = append(r.draft.calls, &callSite{at: at, step: s, with: f.With, names: maps.Clone(r.names)})
}

// rollback reads a step that undoes.
func (r *runbookReader) rollback(at string, f stepFile, s *runbook.Step) {
	s.To = f.To
	if f.To != "" && !slices.Contains(r.checkpoints, f.To) {
		r.doc.Fault(at+".to", "there is no checkpoint %s before this step; %s", strictyaml.Quote(f.To), strictyaml.Instead(f.To, r.checkpoints))
	}
}
