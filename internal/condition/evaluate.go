package condition

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Evaluate returns what the expression says: a string, an int64, a float64 or a bool; a time is
// RFC 3339 text. It binds no other names than e.Uses, and now as the name "now". A name without a
// value is a *MissingError, unless && or || say the same with any value of it. A value that is not
// of its declared type is an error.
func (e Expression) Evaluate(values Values, now time.Time) (any, error) {
	c, err := planOf(e)
	if err != nil {
		return nil, err
	}
	activation := make(bindings, len(c.bound))
	for variable, name := range c.bound {
		value, ok := values[name]
		if name == "now" {
			value, ok = now, true
		}
		if !ok || value == nil {
			activation[variable] = types.WrapErr(&MissingError{name})
			continue
		}
		bound, err := convert(value, c.uses[name])
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		activation[variable] = bound
	}
	return c.run(activation, e.Result)
}

// bindings are values by the variables of the pool.
type bindings map[string]ref.Val

// ResolveName implements cel.Activation.
func (b bindings) ResolveName(name string) (any, bool) {
	v, ok := b[name]
	return v, ok
}

// Parent implements cel.Activation.
func (bindings) Parent() cel.Activation { return nil }

// plan is an expression that is ready to run.
type plan struct {
	program cel.Program
	uses    Types
	bound   map[string]string
}

func (p *plan) run(b bindings, want Type) (any, error) {
	out, _, err := p.program.Eval(b)
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		return nil, missing
	case err != nil:
		return nil, errors.New(tidy(err.Error()))
	}
	return result(out, want)
}

// plans keeps what was planned. A worker evaluates the same few expressions again and again.
var plans = struct {
	sync.Mutex
	byKey map[string]*plan
}{byKey: map[string]*plan{}}

const maxPlans = 1024

func planOf(e Expression) (*plan, error) {
	key := planKey(e)
	plans.Lock()
	p := plans.byKey[key]
	plans.Unlock()
	if p != nil {
		return p, nil
	}
	c, fault := compile(e.Text, e.Uses, e.Result)
	if fault != nil {
		return nil, fault
	}
	program, err := shared().env.PlanProgram(c.checked, cel.CostLimit(maxCost))
	if err != nil {
		return nil, whole("%s; check the types", tidy(err.Error()))
	}
	p = &plan{program, c.uses, c.bound}
	plans.Lock()
	defer plans.Unlock()
	if len(plans.byKey) >= maxPlans {
		clear(plans.byKey)
	}
	plans.byKey[key] = p
	return p, nil
}

func planKey(e Expression) string {
	var key strings.Builder
	key.WriteString(string(e.Result))
	for _, name := range slices.Sorted(maps.Keys(e.Uses)) {
		key.WriteString("\x00" + name + "\x00" + string(e.Uses[name]))
	}
	key.WriteString("\x00\x00" + e.Text)
	return key.String()
}
