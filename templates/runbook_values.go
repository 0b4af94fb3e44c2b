package templates

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// operation finds the operation at a path and demands that it does no more than most; false when
// there is a fault.
func (r *runbookReader) operation(at, name string, most runbook.Risk) (runbook.Operation, bool) {
	if name == "" || !r.doc.Sound(at) {
		return runbook.Operation{}, false
	}
	op, ok := runbook.FindOperation(name)
	if !ok {
		var names []string
		for _, o := range runbook.Operations() {
			if !most.Below(o.Risk) {
				names = append(names, o.Name)
			}
		}
		r.doc.Fault(at, "unknown operation %s; %s", strictyaml.Quote(name), strictyaml.Instead(name, names))
		return op, false
	}
	if most.Below(op.Risk) {
		r.doc.Fault(at, "%s has the risk %s; write an operation of risk %s here", name, op.Risk, most)
		return op, false
	}
	if family, _, _ := strings.Cut(name, "."); r.draft.definition.Scope == runbook.ScopeHost && (family == "service" || family == "product") {
		r.doc.Fault(at, "%s is about a project, and scope: host is about none; write scope: project, or leave it out", name)
	}
	return op, true
}

// target is what takes arguments: an operation, or a runbook that is called.
type target struct {
	name   string
	params []runbook.Param
	// open allows further arguments of type string.
	open bool
	// inputs bound the constants for a runbook that is called.
	inputs map[string]input.Field
}

func operationTarget(op runbook.Operation) target {
	return target{name: op.Name, params: op.Params, open: op.Open}
}

func runbookTarget(d runbook.Definition) target {
	t := target{name: d.Name, inputs: map[string]input.Field{}}
	for _, in := range d.Inputs {
		t.params = append(t.params, runbook.Param{Name: in.Name, Type: in.Type, Optional: in.Default != nil, Enum: in.Enum})
		t.inputs[in.Name] = in
	}
	return t
}

// fill checks the arguments in the key "with" of what stands at a path.
func (r *runbookReader) fill(at string, t target, given arguments, names condition.Types) []runbook.Filled {
	at += ".with"
	if !r.few(at, len(given)) {
		return nil
	}
	var out []runbook.Filled
	var valid []string
	for _, p := range t.params {
		valid = append(valid, p.Name)
		value, ok := given[p.Name]
		switch {
		case ok:
			out = append(out, runbook.Filled{Name: p.Name, Value: r.argument(at+"."+p.Name, t, p, value, names)})
		case !p.Optional && !r.doc.Has(at+"."+p.Name):
			r.doc.Fault(at+"."+p.Name, "is missing; %s needs it, of type %s", t.name, p.Type)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		path := at + "." + name
		switch {
		case slices.Contains(valid, name):
		case t.open:
			extra := runbook.Param{Name: name, Type: condition.String}
			out = append(out, runbook.Filled{Name: name, Value: r.argument(path, t, extra, given[name], names)})
		case len(valid) == 0:
			r.doc.Fault(path, "%s takes no arguments; remove it", t.name)
		default:
			r.doc.Fault(path, "%s does not take %s; %s", t.name, strictyaml.Quote(name), strictyaml.Instead(name, valid))
		}
	}
	return out
}

// argument is a constant, or one ${{ EXPRESSION }} and nothing around it.
func (r *runbookReader) argument(at string, t target, p runbook.Param, given strictyaml.Scalar, names condition.Types) runbook.Value {
	text, isText := given.Value.(string)
	inner, isExpression := strings.CutPrefix(strings.TrimSpace(text), "${{")
	inner, closed := strings.CutSuffix(inner, "}}")
	switch {
	case !r.doc.Sound(at):
		return runbook.Value{}
	case isText && strings.Contains(text, "${{") && (!isExpression || !closed || strings.Contains(inner, "${{")):
		r.doc.Fault(at, `mixes text and ${{ }}; write one ${{ EXPRESSION }} alone, such as ${{ "text" + inputs.NAME }}`)
		return runbook.Value{}
	case isExpression:
		e := r.expressionIn(at, text, strings.TrimSpace(inner), names, p.Type)
		if len(e.Uses) > 0 || e.Zero() {
			return runbook.Value{Expression: e}
		}
		given.Value, _ = e.Evaluate(nil, time.Time{}) // without names it is a constant, written in another way
	}
	if in, ok := t.inputs[p.Name]; ok {
		return runbook.Value{Constant: r.fit(at, in, given.Value)}
	}
	value, ok := r.constant(at, p.Type, given.Value)
	if s, _ := value.(string); ok && len(p.Enum) > 0 && !slices.Contains(p.Enum, s) {
		r.doc.Fault(at, "%s does not take %s as %s; %s", t.name, strictyaml.Quote(s), p.Name, strictyaml.Instead(s, p.Enum))
	}
	return runbook.Value{Constant: value}
}
