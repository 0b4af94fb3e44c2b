package runbook

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// items are what the node at work must know before it is done: the guards where they are due, its
// condition, and what it uses.
func (m *machine) items() []Item {
	n := m.node()
	var items []Item
	add := func(scope, key string, e condition.Expression) {
		if !e.Zero() {
			items = append(items, Item{Key: key, Expression: e, Names: m.names(scope, e.Uses), scope: scope})
		}
	}
	fill := func(key string, with []Filled) {
		for _, f := range with {
			add(n.Scope, key+"/"+f.Name, f.Value.Expression)
		}
	}
	for i, g := range m.guards(n) {
		add(g.scope, "guard/"+itoa(i), g.Check)
	}
	add(n.Scope, "when", n.Step.When)
	fill("with", n.Step.With)
	if n.Step.Undo != nil {
		fill("undo", n.Step.Undo.With)
	}
	for i, c := range n.Step.Cases {
		add(n.Scope, "case/"+itoa(i), c.When)
	}
	if n.Step.Gate != nil {
		for _, id := range n.Step.Gate.Approves {
			if at := m.p.Find(n.Scope + id); at != Nowhere {
				fill("approve/"+id, m.p.Nodes[at].Step.With)
			}
		}
	}
	if n.Step.Message != "" {
		uses := n.Step.MessageUses
		items = append(items, Item{Key: "message", Template: n.Step.Message, Uses: uses, Names: m.names(n.Scope, uses), scope: n.Scope})
	}
	return items
}

// scopedGuard is a guard of one of the runbooks around a step.
type scopedGuard struct {
	Guard
	scope string
}

// guards are those that are to be looked at before the node; none while the run fails.
func (m *machine) guards(n Node) []scopedGuard {
	if !m.s.GuardsDue || n.Failing {
		return nil
	}
	var all []scopedGuard
	for _, scope := range n.Scopes {
		for _, g := range m.p.scopes[scope].Guards {
			all = append(all, scopedGuard{g, scope})
		}
	}
	return all
}

// unread are the probes that the node needs and that are not known, or not any more.
func (m *machine) unread() []ReadCall {
	var calls []ReadCall
	for _, item := range m.items() {
		for _, name := range probesIn(item.reads()) {
			call, ok := m.readCall(item.scope, name)
			known := slices.ContainsFunc(calls, func(c ReadCall) bool { return c.Key == call.Key })
			if ok && !known && !m.fresh(item.scope, name) {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

// probesIn are the probes among the names that an expression reads, sorted.
func probesIn(uses condition.Types) []string {
	var probes []string
	//workflowcheck:ignore // sorted below
	for name := range uses {
		if probe, ok := probeOf(name); ok && !slices.Contains(probes, probe) {
			probes = append(probes, probe)
		}
	}
	slices.Sort(probes)
	return probes
}

func (m *machine) readCall(scope, name string) (ReadCall, bool) {
	probe, ok := m.p.scopes[scope].probe(name)
	call := ReadCall{Key: scope + name, Project: m.s.Run.Project, Uses: probe.Uses, With: probe.With, Names: condition.Values{}}
	for _, f := range probe.With {
		merge(call.Names, m.names(scope, f.Value.Expression.Uses))
	}
	return call, ok
}

func (m *machine) fresh(scope, name string) bool {
	r, ok := m.s.Readings[scope+name]
	probe, _ := m.p.scopes[scope].probe(name)
	return ok && r.Fault == "" && m.now.Sub(r.At) <= Duration(probe.MaxAgeSeconds)
}

func (d *Definition) probe(name string) (Probe, bool) {
	i := slices.IndexFunc(d.Probes, func(p Probe) bool { return p.Name == name })
	if i < 0 {
		return Probe{}, false
	}
	return d.Probes[i], true
}

// probeOf is the probe that a name reads from.
func probeOf(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "probes.")
	if !ok {
		return "", false
	}
	probe, _, _ := strings.Cut(rest, ".")
	return probe, true
}

// readings keeps what probes said.
func (m *machine) readings(read map[string]Reading) { merge(m.s.Readings, read) }

// merge copies from into into.
func merge[M ~map[string]V, V any](into, from M) {
	//workflowcheck:ignore // from a map into a map: the order does not show
	for k, v := range from {
		into[k] = v //nolint:modernize // workflowcheck cannot be told to trust maps.Copy
	}
}

// evaluate asks for the node's expressions. With none there is nothing to ask.
func (m *machine) evaluate() {
	items := m.items()
	m.s.Phase = Evaluating
	if len(items) == 0 {
		m.evaluated(nil)
		return
	}
	m.out(Command{Seq: m.next(), Evaluate: items})
}

// names binds what an expression in a scope reads. What has no value, or one that is too old, stays
// out: evaluating what needs it then fails.
func (m *machine) names(scope string, uses condition.Types) condition.Values {
	bound := condition.Values{}
	//workflowcheck:ignore // from a map into a map: the order does not show
	for name := range uses {
		if v, ok := m.lookUp(scope, name); ok {
			bound[name] = v
		}
	}
	return bound
}

func (m *machine) lookUp(scope, name string) (any, bool) {
	root, rest, _ := strings.Cut(name, ".")
	of, output, _ := strings.Cut(rest, ".")
	switch root {
	case "inputs":
		v, ok := m.s.Inputs[scope][rest]
		return v, ok
	case "probes":
		r, ok := m.s.Readings[scope+of]
		if !ok || r.Fault != "" {
			return nil, false
		}
		v, ok := r.Values[output]
		return v, ok
	case "steps":
		st, ok := m.s.Steps[scope+of]
		if output == "outcome" {
			return string(st.Outcome), ok && st.Outcome != ""
		}
		v, ok := st.Outputs[output]
		return v, ok
	case "run":
		v, ok := map[string]any{"host": m.s.Run.Host, "initiator": m.s.Run.Initiator, "id": m.s.Run.ID, "reason": m.s.Reason}[rest]
		return v, ok
	case "now":
		return m.now.UTC().Format(time.RFC3339), true
	}
	return nil, false
}

// filled are the arguments of an operation; a fault says which one has no value, and why.
func filled(key string, with []Filled, results map[string]ItemResult) (condition.Values, string) {
	values, err := Arguments(with, func(f Filled) (any, error) {
		if r := results[key+"/"+f.Name]; r.Fault != "" {
			return nil, errors.New(r.Fault)
		}
		return results[key+"/"+f.Name].Value, nil
	})
	if err != nil {
		return values, err.Error()
	}
	return values, ""
}

// explain adds to a fault what the probes said that had no value.
func (m *machine) explain(fault string) string {
	var said []string
	n := m.node()
	for _, p := range n.Definition.Probes {
		if r := m.s.Readings[n.Scope+p.Name]; r.Fault != "" && strings.Contains(fault, "probes."+p.Name+".") {
			said = append(said, p.Name+": "+r.Fault)
		}
	}
	if len(said) == 0 {
		return fault
	}
	return fault + " (" + strings.Join(said, "; ") + ")"
}
