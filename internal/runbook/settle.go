package runbook

import (
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Settle returns a copy of a definition as far as these complete inputs settle it: an argument of a step that depends
// on them alone has its value beside its expression, and steps and cases that they exclude are left out. So it can be
// said before a run what its steps would be refused for. Like Evaluate it is not for workflow code.
func Settle(d Definition, host, initiator string, inputs condition.Values) Definition {
	s := settler{host, initiator, startNames(host, initiator, inputs)}
	d.Steps, _ = s.steps(d.Steps)
	d.OnFailure, _ = s.steps(d.OnFailure)
	return d
}

// startNames are the names that have a value before a run begins.
func startNames(host, initiator string, inputs condition.Values) condition.Values {
	names := condition.Values{"run.host": host, "run.initiator": initiator}
	for name, v := range inputs {
		names["inputs."+name] = v
	}
	return names
}

type settler struct {
	host, initiator string
	names           condition.Values
}

// value is what an expression says whenever it is evaluated; false when that may differ.
func (s settler) value(e condition.Expression) (any, bool) {
	if _, varies := e.Uses["now"]; varies || e.Zero() {
		return nil, false
	}
	v, err := e.Evaluate(s.names, time.Time{})
	return v, err == nil
}

// never says of a condition that it does not hold, whatever comes.
func (s settler) never(e condition.Expression) bool {
	v, ok := s.value(e)
	return ok && v == false
}

// steps settles a list; ends says that nothing behind it is reached.
func (s settler) steps(list []Step) (settled []Step, ends bool) {
	for _, step := range list {
		if s.never(step.When) {
			continue
		}
		step.With = s.with(step.With)
		if step.Undo != nil {
			step.Undo = &Undo{Uses: step.Undo.Uses, With: s.with(step.Undo.With)}
		}
		if step.Called != nil {
			called := s.called(step)
			step.Called = &called
		}
		step.Cases = s.cases(step.Cases)
		settled = append(settled, step)
		if step.Kind == Check && step.When.Zero() && s.never(step.Require) {
			return settled, true
		}
	}
	return settled, false
}

func (s settler) cases(list []Case) (settled []Case) {
	for _, c := range list {
		if s.never(c.When) {
			continue
		}
		taken, _ := s.value(c.When)
		c.Steps, _ = s.steps(c.Steps)
		settled = append(settled, c)
		if taken == true {
			break
		}
	}
	return settled
}

func (s settler) with(list []Filled) (settled []Filled) {
	for _, f := range list {
		if v, ok := s.value(f.Value.Expression); ok {
			f.Value.Constant = v
		}
		settled = append(settled, f)
	}
	return settled
}

// called settles the runbook that a step calls, as far as what it is given is known.
func (s settler) called(step Step) Definition {
	inputs := condition.Values{}
	for _, in := range step.Called.Inputs {
		inputs[in.Name] = in.Default // nil is no value
		if slices.ContainsFunc(step.With, func(f Filled) bool { return f.Name == in.Name }) {
			inputs[in.Name], _ = Known(step.With, in.Name)
		}
	}
	return Settle(*step.Called, s.host, s.initiator, inputs)
}
