package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
)

func compiled(t *testing.T, text string, want condition.Type) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, condition.Types{
		"inputs.service": condition.String, "inputs.n": condition.Int, "run.host": condition.String, "run.id": condition.String,
		"probes.p.value": condition.Double, "steps.a.outcome": condition.String, "now": condition.Time,
	}, want)
	require.NoError(t, err)
	return e
}

// What the inputs alone settle is known before a run; what anything else has a say in is not.
func TestSettle(t *testing.T) {
	text := func(e string) Filled {
		return Filled{Name: "x", Value: Value{Expression: compiled(t, e, condition.String)}}
	}
	when := func(e string) condition.Expression { return compiled(t, e, condition.Bool) }
	act := func(id, e string) Step {
		return Step{ID: id, Kind: Action, With: []Filled{text(e)}, Undo: &Undo{Uses: "u", With: []Filled{text(e)}}}
	}
	called := Definition{
		Inputs: []input.Field{{Name: "service", Type: condition.String}, {Name: "n", Type: condition.Int, Default: int64(7)}},
		Steps:  []Step{act("own", "inputs.service"), act("default", "string(inputs.n)")},
	}
	inner := func(id, e string) Step {
		return Step{ID: id, Kind: Call, Called: &called, With: []Filled{{Name: "service", Value: Value{Expression: compiled(t, e, condition.String)}}}}
	}
	left := act("left_out", "inputs.service")
	left.When = when(`inputs.n == 2 && probes.p.value > 1.0`)
	open := act("open", "inputs.service")
	open.When = when(`inputs.n == 1 && probes.p.value > 1.0`)
	d := Definition{
		Steps: []Step{
			{ID: "constant", With: []Filled{{Name: "x", Value: Value{Constant: "c"}}}},
			act("input", "inputs.service"), act("host", `run.host + "/" + inputs.service`), act("literal", `"a" + "b"`),
			act("id", "run.id"), act("now", "string(now)"), act("probe", "string(probes.p.value)"), act("step", "steps.a.outcome"),
			left, open,
			{ID: "pick", Kind: Switch, Cases: []Case{
				{When: when("inputs.n == 2"), Steps: []Step{act("no", "inputs.service")}},
				{When: when("probes.p.value > 1.0"), Steps: []Step{act("maybe", "inputs.service")}},
				{When: when("inputs.n == 1"), Steps: []Step{act("yes", "inputs.service")}},
				{Steps: []Step{act("never", "inputs.service")}},
			}},
			inner("sub", "inputs.service"), inner("sub_of_probe", "string(probes.p.value)"),
			{ID: "look", Kind: Check, Require: when("inputs.n > 1")},
			act("behind", "inputs.service"),
		},
		OnFailure: []Step{act("failing", "inputs.service")},
	}
	got := map[string]any{}
	var walk func(scope string, steps []Step)
	walk = func(scope string, steps []Step) {
		for _, s := range steps {
			got[scope+s.ID], _ = Known(s.With, "x")
			if s.Undo != nil {
				undone, _ := Known(s.Undo.With, "x")
				require.Equal(t, got[scope+s.ID], undone)
			}
			for _, c := range s.Cases {
				walk(scope, c.Steps)
			}
			if s.Called != nil {
				walk(scope+s.ID+"/", s.Called.Steps)
			}
		}
	}
	settled := Settle(d, "gpu1", "anna@gpu1", condition.Values{"service": "app", "n": int64(1)})
	walk("", settled.Steps)
	walk("", settled.OnFailure)
	require.Equal(t, map[string]any{
		"constant": "c", "input": "app", "host": "gpu1/app", "literal": "ab", "id": nil, "now": nil, "probe": nil, "step": nil, "open": "app",
		"pick": nil, "maybe": "app", "yes": "app", "sub": nil, "sub/own": "app", "sub/default": "7", "sub_of_probe": nil, "sub_of_probe/own": nil,
		"sub_of_probe/default": "7", "look": nil, "failing": "app",
	}, got)
	_, written := Constant(settled.Steps[1].With, "x")
	require.False(t, written, "it is still computed")
	_, known := Known(d.Steps[1].With, "x")
	require.False(t, known, "the definition is as it was")
}
