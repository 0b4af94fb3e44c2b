package templates

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// lintRunbook looks at a runbook that has no other fault.
type lintRunbook struct {
	draft    *runbookDraft
	today    time.Time
	used     map[string]bool
	warnings []*strictyaml.Error
}

func (d *runbookDraft) lint(today time.Time, c *config.Config) []*strictyaml.Error {
	l := lintRunbook{draft: d, today: today}
	l.look()
	if c != nil {
		l.configured(c)
	}
	return l.warnings
}

// look reports what is never used or never reached, and warns of what should be better.
func (l *lintRunbook) look() {
	draft, d := l.draft, l.draft.definition
	if day, err := time.Parse(time.DateOnly, d.ReviewBy); err == nil && l.today.Format(time.DateOnly) > day.Format(time.DateOnly) {
		l.warn("metadata.review_by", "was due on %s; review the runbook and write the next date", d.ReviewBy)
	}
	l.used = usesOf(d)
	for _, in := range d.Inputs {
		if !l.used["inputs."+in.Name] {
			draft.doc.Fault("inputs."+in.Name, "is never used; use it or remove it")
		}
	}
	for _, p := range d.Probes {
		if !l.used["probes."+p.Name] {
			draft.doc.Fault("probes."+p.Name, "is never used; use it or remove it")
		}
	}
	l.steps("steps", d.Steps)
	l.steps("on_failure", d.OnFailure)
}

// steps looks at a list of steps and those below them.
func (l *lintRunbook) steps(at string, steps []runbook.Step) {
	failing := strings.HasPrefix(at, "on_failure") // there a step that fails does not stop the others
	never := ""
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case never != "":
			l.draft.doc.Fault(at, "is never reached: %s before it never holds; correct that or remove this step", never)
		case isConstant(s.When, false):
			l.draft.doc.Fault(at+".when", "never holds; correct it or remove the step")
		case s.Kind == runbook.Check && s.When.Zero() && isConstant(s.Require, false):
			if never = s.ID; failing {
				never = ""
			}
			l.draft.doc.Fault(at+".require", "never holds; correct it or remove the step")
		case s.Kind == runbook.Wait && isConstant(s.Until, false):
			l.draft.doc.Fault(at+".until", "never holds; correct it or write for: TIME")
		}
		for _, field := range s.Fields {
			if !l.used["steps."+s.ID+"."+field.Name] {
				l.draft.doc.Fault(at+".fields."+field.Name, "is never used; use it or remove it")
			}
		}
		if s.Kind == runbook.Action && s.Risk == runbook.Write && s.Undo == nil && !failing {
			l.warn(at, "%s writes and has no undo; write how it is put back, if it can be", s.ID)
		}
		l.scaling(at, s)
		l.cases(at, s.Cases)
	}
}

// scaling looks at numbers of replicas that are written down. To none takes a gate, and an undo goes back to what was
// measured.
func (l *lintRunbook) scaling(at string, s runbook.Step) {
	if n, ok := replicasOf(s.Uses, s.With); ok && n < 1 && s.Risk != runbook.Destructive {
		l.draft.doc.Fault(at+".with.replicas", "takes the service to none; write risk: destructive and a gate that approves the step")
	}
	if s.Undo == nil {
		return
	}
	if n, ok := replicasOf(s.Undo.Uses, s.Undo.With); ok {
		l.draft.doc.Fault(at+".undo.with.replicas", "is always %v; an undo goes back to what was there before, so read the number from a probe of service.state", n)
	}
}

// replicasOf is the number that a use of service.scale has written down.
func replicasOf(uses string, with []runbook.Filled) (float64, bool) {
	if uses != runbook.ScaleOperation {
		return 0, false
	}
	value, ok := runbook.Constant(with, "replicas")
	number, err := condition.Convert(value, condition.Double)
	n, _ := number.(float64)
	return n, ok && err == nil
}

func (l *lintRunbook) cases(at string, cases []runbook.Case) {
	taken := false
	for i, c := range cases {
		at := fmt.Sprintf("%s.cases[%d]", at, i)
		switch {
		case taken:
			l.draft.doc.Fault(at, "is never reached: a case before it always holds; correct that or remove this one")
		case isConstant(c.When, false):
			l.draft.doc.Fault(at+".when", "never holds; correct it or remove the case")
		}
		taken = taken || isConstant(c.When, true)
		l.steps(at+".steps", c.Steps)
	}
}

func (l *lintRunbook) warn(at, format string, args ...any) {
	line, column := l.draft.doc.At(at)
	l.warnings = append(l.warnings, &strictyaml.Error{
		File: l.draft.file, Line: line, Column: column, Field: at, Problem: fmt.Sprintf(format, args...),
	})
}

func isConstant(e condition.Expression, value bool) bool {
	if e.Zero() {
		return false
	}
	got, constant := e.Constant()
	return constant && got == value
}

// usesOf are the names that anything in a runbook reads, and their beginnings.
func usesOf(d runbook.Definition) map[string]bool {
	used := map[string]bool{}
	add := func(all ...condition.Types) {
		for _, uses := range all {
			for name := range maps.Keys(uses) {
				used[name] = true
				if root, rest, _ := strings.Cut(name, "."); root == "probes" {
					probe, _, _ := strings.Cut(rest, ".")
					used["probes."+probe] = true
				}
			}
		}
	}
	fill := func(with []runbook.Filled) {
		for _, f := range with {
			add(f.Value.Expression.Uses)
		}
	}
	add(d.Triggers.Dedup.Uses, d.Concurrency.Key.Uses)
	for _, p := range d.Probes {
		fill(p.With)
	}
	for _, g := range d.Guards {
		add(g.Check.Uses)
	}
	var steps func([]runbook.Step)
	steps = func(list []runbook.Step) {
		for _, s := range list {
			add(s.When.Uses, s.Require.Uses, s.Until.Uses, s.MessageUses)
			fill(s.With)
			if s.Undo != nil {
				fill(s.Undo.With)
			}
			for _, c := range s.Cases {
				add(c.When.Uses)
				steps(c.Steps)
			}
		}
	}
	steps(d.Steps)
	steps(d.OnFailure)
	return used
}
