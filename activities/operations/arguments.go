package operations

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// arguments returns the entry of an operation, checks what it is given and gives every value the type of its parameter.
// What is wrong is InvalidInput.
func (o *Operations) arguments(uses string, given condition.Values) (entry, condition.Values, error) {
	operation, ok := o.table[uses]
	if !ok {
		return operation, nil, activities.Fail(activities.InvalidInput, fmt.Errorf("there is no operation %s", strictyaml.Quote(uses)))
	}
	wrong := func(name, format string, args ...any) (entry, condition.Values, error) {
		return operation, nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%s: %s "+format, append([]any{uses, name}, args...)...))
	}
	with := condition.Values{}
	for _, p := range operation.Params {
		value := given[p.Name]
		if value == nil {
			if !p.Optional {
				return wrong(p.Name, "is missing")
			}
			continue
		}
		value, err := condition.Convert(value, p.Type)
		if err != nil {
			return wrong(p.Name, "%w", err)
		}
		if text, ok := value.(string); ok && offEnum(p, text) {
			return wrong(p.Name, "is %s; write one of %v", strictyaml.Quote(text), p.Enum)
		}
		with[p.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.ContainsFunc(operation.Params, func(p runbook.Param) bool { return p.Name == name }) {
			continue
		}
		if !operation.Open {
			return wrong(name, "is no argument of it")
		}
		value, err := condition.Convert(given[name], condition.String)
		if err != nil {
			return wrong(name, "%w", err)
		}
		with[name] = value
	}
	return operation, with, nil
}

// offEnum says that a parameter does not take a text.
func offEnum(p runbook.Param, text string) bool {
	return len(p.Enum) > 0 && !slices.Contains(p.Enum, text)
}

// outputs holds what an operation returned against what it declares: all of that, of its type, and nothing
// else. A number that is none is PreconditionFailed.
func (e entry) outputs(values condition.Values) (condition.Values, error) {
	out := condition.Values{}
	for name, of := range e.Outputs {
		if f, ok := values[name].(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return nil, activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s is %v, no number", name, f))
		}
		value, err := condition.Convert(values[name], of)
		if err != nil {
			return nil, fmt.Errorf("%s: %s %w", e.Name, name, err)
		}
		out[name] = value
	}
	return out, nil
}
