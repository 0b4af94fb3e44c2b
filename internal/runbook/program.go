package runbook

import "slices"

// Nowhere is the place behind the last step.
const Nowhere = -1

// Program is a definition laid out as a list, so that a place in it is a number.
type Program struct {
	Definition Definition
	Nodes      []Node
	// Start is the first step, Failure the first of on_failure; Nowhere when there is none.
	Start, Failure int
	// Lines are the commands of the host's configuration that the steps run, by name.
	Lines map[string]CommandLine

	scopes map[string]*Definition
}

// Node is one step of a program.
type Node struct {
	Step Step
	// Path is the id of the step, behind those of the calls around it: "call/restart".
	Path string
	// Scope is the path of the call around it with a slash; empty in the runbook itself.
	Scope string
	// Definition is the runbook that the step stands in, Scopes the scopes around it, its own the last.
	Definition *Definition
	Scopes     []string
	// Into is where a step with others below it goes on, After where it goes on without them.
	Into, After int
	// Branches are the first nodes of a switch's cases.
	Branches []int
	// Size is how many nodes stand below this one; they follow it in the list.
	Size int
	// Failing says that the step is one of on_failure.
	Failing bool
}

// Lay lays a definition out.
func Lay(d Definition) Program {
	b := &layout{children: map[int][][]int{}, scopes: map[string]*Definition{"": &d}}
	steps := b.add(d.Steps, []string{""}, false)
	failure := b.add(d.OnFailure, []string{""}, true)
	b.link(steps, Nowhere)
	b.link(failure, Nowhere)
	return Program{Definition: d, Nodes: b.nodes, Start: first(steps, Nowhere), Failure: first(failure, Nowhere), scopes: b.scopes}
}

// layout first adds all nodes and then links them: where a step goes on is known only then.
type layout struct {
	nodes    []Node
	children map[int][][]int
	scopes   map[string]*Definition
}

func (b *layout) add(steps []Step, scopes []string, failing bool) []int {
	var list []int
	scope := scopes[len(scopes)-1]
	for _, step := range steps {
		at := len(b.nodes)
		list = append(list, at)
		b.nodes = append(b.nodes, Node{
			Step: step, Path: scope + step.ID, Scope: scope, Definition: b.scopes[scope], Scopes: scopes, Failing: failing,
		})
		switch {
		case step.Kind == Switch:
			for _, c := range step.Cases {
				b.children[at] = append(b.children[at], b.add(c.Steps, scopes, failing))
			}
		case step.Kind == Call && step.Called != nil:
			inner := scope + step.ID + "/"
			b.scopes[inner] = step.Called
			b.children[at] = append(b.children[at], b.add(step.Called.Steps, append(slices.Clip(scopes), inner), failing))
		}
		b.nodes[at].Size = len(b.nodes) - at - 1
	}
	return list
}

func (b *layout) link(list []int, after int) {
	for i, at := range list {
		next := after
		if i+1 < len(list) {
			next = list[i+1]
		}
		n := &b.nodes[at]
		n.Into, n.After = next, next
		for _, child := range b.children[at] {
			b.link(child, next)
			if n.Step.Kind == Switch {
				n.Branches = append(n.Branches, first(child, next))
			} else {
				n.Into = first(child, next)
			}
		}
	}
}

func first(list []int, otherwise int) int {
	if len(list) == 0 {
		return otherwise
	}
	return list[0]
}

// Find returns the place of a step; Nowhere when there is none.
func (p Program) Find(path string) int {
	for i, n := range p.Nodes {
		if n.Path == path {
			return i
		}
	}
	return Nowhere
}

// gateOf returns the place of the gate that approves a step; Nowhere when there is none.
func (p Program) gateOf(path string) int {
	for i, n := range p.Nodes {
		if n.Step.Gate == nil {
			continue
		}
		for _, id := range n.Step.Gate.Approves {
			if n.Scope+id == path {
				return i
			}
		}
	}
	return Nowhere
}
