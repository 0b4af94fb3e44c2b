package runbooktest

import (
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// What can come of a condition; the other branches have the names of outcomes and of requests' ends.
const (
	held    = "held"
	notHeld = "not held"
)

// branch keeps that the run went a way. of is a step's path, or the text of a condition.
func (f *effects) branch(of, way string) { f.result.branches[of+"\x00"+way] = true }

// attribute notes which way the conditions let the run go that were evaluated for the step at work.
func (f *effects) attribute(s runbook.State) {
	results := f.evaluated
	if f.evaluated = nil; results == nil || s.Phase != runbook.Evaluating {
		return
	}
	n := f.program.Nodes[s.Node]
	for i := 0; ; i++ {
		r, ok := results[fmt.Sprintf("guard/%d", i)]
		if !ok {
			break
		}
		f.branch(guard(i), way(r))
		if r.Value != true {
			return // nothing else counts
		}
	}
	if r, ok := results["when"]; ok {
		f.branch("when "+n.Step.When.Text, way(r))
		if r.Value != true {
			return
		}
	}
	f.chosen(n, results)
}

func (f *effects) chosen(n runbook.Node, results map[string]runbook.ItemResult) {
	if n.Step.Kind != runbook.Switch {
		return
	}
	for i, c := range n.Step.Cases {
		r := results[fmt.Sprintf("case/%d", i)]
		if c.When.Zero() || r.Value == true {
			f.branch(n.Path, branchOf(i))
			return
		}
		if r.Fault != "" {
			return
		}
	}
	f.branch(n.Path, "none")
}

func guard(i int) string { return fmt.Sprintf("guards[%d]", i) }

func branchOf(i int) string { return fmt.Sprintf("case %d", i+1) }

func way(r runbook.ItemResult) string {
	switch {
	case r.Value == true:
		return held
	case r.Fault != "":
		return "fault"
	}
	return notHeld
}

// Uncovered names every branch of a runbook that no result went, such as "restart: unknown outcome is in no
// case". Conditions with the same text count as one. What a runbook calls has cases of its own.
func Uncovered(p runbook.Program, results []Result) []string {
	var missing []string
	for _, b := range branches(p) {
		covered := slices.ContainsFunc(results, func(r Result) bool {
			return slices.ContainsFunc(b.ways, func(way string) bool { return r.branches[b.of+"\x00"+way] })
		})
		if !covered {
			missing = append(missing, b.said+" is in no case")
		}
	}
	return missing
}

// branch is a way that cases have to go, by one of several ways when those are one to a person.
type branch struct {
	of   string
	ways []string
	said string
}

func branches(p runbook.Program) []branch {
	var all []branch
	need := func(of, said string, ways ...string) { all = append(all, branch{of, ways, said}) }
	for i := range p.Definition.Guards {
		need(guard(i), guard(i)+": a guard that does not hold", notHeld)
	}
	var told []string
	for _, n := range p.Nodes {
		if n.Scope != "" {
			continue
		}
		if text := n.Step.When.Text; text != "" && !slices.Contains(told, text) {
			told = append(told, text)
			need("when "+text, n.Path+": when that holds", held)
			need("when "+text, n.Path+": when that does not hold", notHeld)
		}
		branchesOf(n, need)
	}
	if p.Failure != runbook.Nowhere {
		need("on_failure", "on_failure", "")
	}
	return all
}

func branchesOf(n runbook.Node, need func(of, said string, ways ...string)) {
	needs := func(said string, ways ...string) { need(n.Path, n.Path+": "+said, ways...) }
	switch n.Step.Kind {
	case runbook.Action:
		needs("ok", string(runbook.OK))
		if n.Step.Idempotent {
			needs("failed outcome", string(runbook.Failed), string(runbook.TimedOut), string(runbook.Unclear))
		} else {
			needs("failed outcome", string(runbook.Failed), string(runbook.TimedOut))
			needs("unknown outcome", string(runbook.Unclear))
		}
	case runbook.Check, runbook.Wait:
		if n.Step.Kind == runbook.Check || !n.Step.Until.Zero() {
			needs("a condition that holds", held)
			needs("a condition that does not hold", notHeld)
		}
	case runbook.GateStep:
		needs("approval", "approved")
		needs("rejection", "rejected")
		if n.Step.Gate.OnTimeout == runbook.Escalate {
			needs("escalation", "escalated")
		} else {
			needs("expiry", "expired")
		}
	case runbook.Manual, runbook.InputStep:
		needs("answer", "answered")
		needs("expiry", "expired")
	case runbook.Switch:
		for i := range n.Step.Cases {
			needs(branchOf(i), branchOf(i))
		}
		if last := n.Step.Cases[len(n.Step.Cases)-1]; !last.When.Zero() {
			needs("a switch of which no case holds", "none")
		}
	case runbook.Call, runbook.Notify, runbook.Incident, runbook.Checkpoint, runbook.Rollback:
	}
}
