package runbooktest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Fault is what is wrong with a case itself: a name that the runbook does not have, or a value that does not
// fit it.
type Fault struct {
	// At is the key of the case, such as "steps.restart", Entry which of several entries is meant, or -1, and
	// Key what in it, such as "outputs.restarted"; empty is all of it.
	At    string
	Entry int
	Key   string
	// Problem is what is wrong and, after a semicolon, what would be right.
	Problem string
}

// Check compares a case with the runbook that it is for. A case that has faults is not worth running.
func Check(p runbook.Program, c Case) []Fault {
	k := &checker{program: p}
	if _, fault := input.Fill(p.Definition.Inputs, c.Inputs); fault != "" {
		k.fault("inputs", "%s", fault)
	}
	k.probes(c)
	k.steps(c)
	k.people(c)
	k.path(c)
	return k.faults
}

type checker struct {
	program runbook.Program
	faults  []Fault
}

func (k *checker) fault(at string, format string, args ...any) {
	k.faultIn(at, -1, "", format, args...)
}

func (k *checker) faultIn(at string, entry int, key, format string, args ...any) {
	k.faults = append(k.faults, Fault{at, entry, key, fmt.Sprintf(format, args...)})
}

func (k *checker) probes(c Case) {
	uses := map[string]string{}
	for _, p := range k.program.Definition.Probes {
		uses[p.Name] = p.Uses
	}
	for _, n := range k.program.Nodes {
		for _, p := range n.Definition.Probes {
			uses[n.Scope+p.Name] = p.Uses
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Probes)) {
		at := "probes." + name
		operation, ok := uses[name]
		if !ok {
			k.fault(at, "there is no probe %s; %s", strictyaml.Quote(name), strictyaml.Instead(name, slices.Sorted(maps.Keys(uses))))
			continue
		}
		for i, m := range c.Probes[name] {
			k.outputs(at, i, "", operation, m.Values)
			if i > 0 && m.After <= c.Probes[name][i-1].After {
				k.faultIn(at, i, "after", "is not after the entry before it; write them in the order of their times")
			}
		}
	}
}

func (k *checker) steps(c Case) {
	for _, path := range slices.Sorted(maps.Keys(c.Steps)) {
		at := "steps." + path
		of, undo := strings.CutPrefix(path, "undo/")
		i := k.program.Find(of)
		if i == runbook.Nowhere {
			k.fault(at, "there is no step %s; %s", strictyaml.Quote(of), strictyaml.Instead(of, k.paths()))
			continue
		}
		s := k.program.Nodes[i].Step
		uses := s.Uses
		switch {
		case undo && s.Undo == nil:
			k.fault(at, "%s has no undo; give it one or remove this", of)
		case undo:
			uses = s.Undo.Uses
		case s.Kind == runbook.Check && s.Uses == "":
			k.fault(at, "%s reads nothing of its own; write what its probes say", of)
		case s.Kind != runbook.Action && s.Kind != runbook.Check:
			k.fault(at, "%s is a %s, which does nothing that could be written here; only an action and a check do", of, s.Kind)
		}
		for i, script := range c.Steps[path] {
			k.outputs(at, i, "outputs.", uses, script.Outputs)
		}
	}
}

func (k *checker) outputs(at string, entry int, in, uses string, values condition.Values) {
	operation, _ := runbook.FindOperation(uses)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		t, ok := operation.Outputs[name]
		if !ok {
			k.faultIn(at, entry, in+name, "%s has no output %s; %s", uses, strictyaml.Quote(name), strictyaml.Instead(name, slices.Sorted(maps.Keys(operation.Outputs))))
		} else if v, err := condition.Convert(values[name], t); err != nil {
			k.faultIn(at, entry, in+name, "%v", err)
		} else {
			values[name] = v
		}
	}
}

func (k *checker) people(c Case) {
	for i, p := range c.People {
		asks := p.Approve + p.Reject + p.Answer
		path := asks + p.At
		if path == "" {
			continue
		}
		at := k.program.Find(path)
		if at == runbook.Nowhere {
			k.faultIn("people", i, "", "there is no step %s; %s", strictyaml.Quote(path), strictyaml.Instead(path, k.paths()))
			continue
		}
		kind := k.program.Nodes[at].Step.Kind
		manual := kind == runbook.Manual || kind == runbook.InputStep
		switch {
		case p.Approve != "" && kind != runbook.GateStep:
			k.faultIn("people", i, "", "%s is no gate; write answer: %s for a manual or an input step", path, path)
		case p.Answer != "" && !manual:
			k.faultIn("people", i, "", "%s is neither a manual nor an input step; write approve: %s for a gate", path, path)
		case p.Reject != "" && kind != runbook.GateStep && !manual:
			k.faultIn("people", i, "", "%s asks nobody; name a gate, a manual or an input step", path)
		}
	}
}

func (k *checker) path(c Case) {
	for i, entry := range c.Expect.Path {
		path, outcome, _ := strings.Cut(entry, ": ")
		if k.program.Find(path) == runbook.Nowhere {
			k.faultIn("expect.path", i, "", "there is no step %s; %s", strictyaml.Quote(path), strictyaml.Instead(path, k.paths()))
		} else if outcome != "" && !slices.Contains(outcomes, outcome) {
			k.faultIn("expect.path", i, "", "%s is no outcome; %s", strictyaml.Quote(outcome), strictyaml.Instead(outcome, outcomes))
		}
	}
	for _, l := range []struct {
		at   string
		list []string
	}{{"expect.undone", c.Expect.Undone}, {"expect.not_undone", c.Expect.NotUndone}} {
		for i, path := range l.list {
			if k.program.Find(path) == runbook.Nowhere {
				k.faultIn(l.at, i, "", "there is no step %s; %s", strictyaml.Quote(path), strictyaml.Instead(path, k.paths()))
			}
		}
	}
}

// outcomes are those that a path names; a step that ended well is written without one.
var outcomes = []string{string(runbook.Failed), string(runbook.TimedOut), string(runbook.Unclear), string(runbook.Skipped)}

func (k *checker) paths() []string {
	var all []string
	for _, n := range k.program.Nodes {
		all = append(all, n.Path)
	}
	return all
}
