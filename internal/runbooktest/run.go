package runbooktest

import (
	"fmt"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// plan stands for the hash of a run's plan.
const plan = "runbook test"

// project is what a run in a case is about, unless it is about the host.
const project = "project"

// Run runs one case. The same case gives the same result.
func Run(p runbook.Program, c Case) Result {
	f := &effects{program: p, script: c, now: c.Start, uses: map[string]int{}, result: Result{branches: map[string]bool{}}}
	inputs, fault := input.Fill(p.Definition.Inputs, c.Inputs)
	if fault != "" {
		f.result.Faults = []string{"inputs: " + fault}
		return f.result
	}
	keys, err := runbook.FindKeys(p.Definition, c.Host, c.Initiator, inputs, c.Start)
	if err != nil {
		f.result.Faults = []string{err.Error()} // the run is refused for it
		return f.result
	}
	// Whoever starts it is known, as is who answers.
	run := runbook.Run{Name: p.Definition.Name, Key: keys.Concurrency, Host: c.Host, Initiator: c.Initiator, Start: &identity.Word{}, PlanSHA256: plan}
	if p.Definition.Scope != runbook.ScopeHost {
		run.Project = project
	}
	run.ID = run.Subject(run.Key)
	state, end := runbook.Drive(p, runbook.New(run, inputs), c.Start, f)
	return f.end(state, end)
}

// end compares what came of the run with what was expected.
func (f *effects) end(s runbook.State, at time.Time) Result {
	r := &f.result
	r.Outcome, r.Reason, r.Undone, r.Took = s.Outcome, s.Reason, s.Undone, at.Sub(f.script.Start)
	for _, entry := range s.NotUndone {
		path, _, _ := strings.Cut(entry, ": ")
		r.NotUndone = append(r.NotUndone, path)
	}
	if s.Phase != runbook.Over {
		r.Faults = append(r.Faults, fmt.Sprintf("the run does not end: it is %s at %s", s.Phase, f.program.Nodes[s.Node].Path))
	}
	r.Faults = append(r.Faults, differences(f.script.Expect, *r)...)
	for i, p := range f.script.People[f.turn:] {
		r.Faults = append(r.Faults, fmt.Sprintf("people[%d]: %s: the moment never came", f.turn+i, p))
	}
	return *r
}
