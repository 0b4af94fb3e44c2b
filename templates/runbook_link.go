package templates

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// resolution is how far the calls of a runbook are filled in.
type resolution int

const (
	open resolution = iota
	resolving
	resolved
)

// link gives the runbooks their aliases and fills in their calls. Faults are reported in those of
// readings that stand in the set, and in those that have no usable name.
func (s *Set) link(readings []*reading) {
	s.called = map[string]*runbookDraft{}
	for key, d := range s.definitions {
		if draft, ok := d.value.(*runbookDraft); ok {
			s.called[key.name] = draft
		}
	}
	own := map[*runbookDraft]bool{}
	for _, r := range readings {
		if draft, ok := r.value.(*runbookDraft); ok {
			own[draft] = true
		}
	}
	for _, draft := range s.drafts() {
		s.aliases(draft, own)
	}
	for _, r := range readings {
		draft, ok := r.value.(*runbookDraft)
		if ok && (s.definitions[r.key].value == draft || !strictyaml.IsName(r.key.name)) {
			s.resolve(draft, nil)
		}
	}
	s.tests(readings)
}

// drafts are the runbooks of the set; what an installation has of its own comes last.
func (s *Set) drafts() []*runbookDraft {
	var all []*runbookDraft
	for _, d := range s.definitions {
		if draft, ok := d.value.(*runbookDraft); ok {
			all = append(all, draft)
		}
	}
	slices.SortFunc(all, func(a, b *runbookDraft) int {
		switch {
		case a.builtIn == b.builtIn:
			return cmp.Compare(a.file, b.file)
		case a.builtIn:
			return -1
		}
		return 1
	})
	return all
}

// aliases adds the aliases of a runbook. One that is taken is reported where it can be mended, in a file
// that is being read: the others belong to everybody.
func (s *Set) aliases(draft *runbookDraft, beingRead map[*runbookDraft]bool) {
	for i, alias := range draft.definition.Aliases {
		other, taken := s.called[alias]
		switch {
		case !taken || other == draft:
			s.called[alias] = draft
		case beingRead[other] && (draft.builtIn && !other.builtIn || !beingRead[draft]):
			at := "metadata.name"
			if j := slices.Index(other.definition.Aliases, alias); j >= 0 {
				at = fmt.Sprintf("metadata.aliases[%d]", j)
			}
			other.doc.Fault(at, "%s is a name of the runbook %s already; take another", strictyaml.Quote(alias), draft.definition.Name)
		case beingRead[draft]:
			draft.doc.Fault(fmt.Sprintf("metadata.aliases[%d]", i), "%s is a name of the runbook %s already; take another", strictyaml.Quote(alias), other.definition.Name)
		}
	}
}

// resolve fills in the calls of a runbook; above are the names of those that call it.
func (s *Set) resolve(draft *runbookDraft, above []string) {
	if draft.state != open {
		return
	}
	draft.state = resolving
	defer func() { draft.state = resolved }()
	name := draft.definition.Name
	for _, call := range draft.calls {
		at := call.at + ".runbook"
		target, ok := s.called[call.step.Uses]
		if !ok && s.isFaulty(id{runbookKind, call.step.Uses}) {
			draft.doc.Fault(at, "the runbook %s is disabled, because %s has a fault; correct that", call.step.Uses, s.faulty[id{runbookKind, call.step.Uses}].File)
			continue
		}
		if !ok {
			draft.doc.Fault(at, "there is no runbook %s; %s", strictyaml.Quote(call.step.Uses), strictyaml.Instead(call.step.Uses, slices.Sorted(maps.Keys(s.called))))
			continue
		}
		s.resolve(target, append(above, name))
		if target.state == resolving || calls(&target.definition, name) {
			draft.doc.Fault(at, "%s would call itself; a runbook cannot call one that leads back to it", strings.Join(append(above, name, target.definition.Name), " → "))
			continue
		}
		if target.doc.Err() != nil {
			continue // a fault of its own, from which others would follow here
		}
		if draft.definition.Scope == runbook.ScopeHost && target.definition.Scope != runbook.ScopeHost {
			draft.doc.Fault(at, "%s is about a project, and scope: host is about none; call one with scope: host", target.definition.Name)
			continue
		}
		draft.depth = max(draft.depth, target.depth+1)
		draft.steps += target.steps
		if draft.depth > maxCallDepth {
			draft.doc.Fault(at, "calls go more than %d deep; call its parts directly", maxCallDepth)
			continue
		}
		if draft.steps > maxSteps {
			draft.doc.Fault("steps", "has more than %d steps with those that it calls; split it", maxSteps)
			continue
		}
		r := &runbookReader{reader: reader{doc: draft.doc, names: call.names}, draft: draft}
		call.step.Uses = target.definition.Name
		call.step.With = r.fill(call.at, runbookTarget(target.definition), call.with, call.names)
		call.step.Called = &target.definition
	}
}

// calls says whether a runbook leads to another, directly or not.
func calls(d *runbook.Definition, name string) bool {
	return slices.ContainsFunc([][]runbook.Step{d.Steps, d.OnFailure}, func(steps []runbook.Step) bool { return callsIn(steps, name) })
}

func callsIn(steps []runbook.Step, name string) bool {
	return slices.ContainsFunc(steps, func(s runbook.Step) bool {
		return s.Called != nil && (s.Called.Name == name || calls(s.Called, name)) ||
			slices.ContainsFunc(s.Cases, func(c runbook.Case) bool { return callsIn(c.Steps, name) })
	})
}
