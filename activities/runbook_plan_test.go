package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// reload is a runbook whose command is given an input.
type reload struct{ shelf }

func (reload) Runbook(string) (runbook.Definition, bool) {
	model := condition.Expression{Text: "inputs.model", Result: condition.String, Uses: condition.Types{"inputs.model": condition.String}}
	return runbook.Definition{
		Name: "reload", Scope: runbook.ScopeHost, Inputs: []input.Field{{Name: "model", Type: condition.String}},
		Steps: []runbook.Step{{
			ID: "load", Kind: runbook.Action, Uses: "command.run", Risk: runbook.Write, With: []runbook.Filled{{Name: "model", Value: runbook.Value{Expression: model}}},
		}},
	}, true
}

// choosy refuses one model.
type choosy struct{ noOperations }

func (choosy) Refusals(_ context.Context, _ string, d runbook.Definition) ([]string, error) {
	if model, _ := runbook.Known(d.Steps[0].With, "model"); model == "-x" {
		return []string{"step load: takes no -x"}, nil
	}
	return nil, nil
}

// A plan knows what a step will be refused for, where an input says it.
func TestPlanHoldsInputsAgainstTheHost(t *testing.T) {
	r := &Runbooks{Definitions: reload{}, Operations: choosy{}, Projects: map[string][]string{"gpu-1": nil}}
	plan := func(model string) RunbookPlan {
		plan, err := r.PlanRunbook(t.Context(), RunbookCall{Name: "reload", Host: "gpu-1", Inputs: condition.Values{"model": model}})
		require.NoError(t, err)
		require.Equal(t, condition.Values{"model": model}, plan.Steps[0].With)
		return plan
	}
	require.Equal(t, []string{"step load: takes no -x"}, plan("-x").Refusals)
	require.Empty(t, plan("x").Refusals)
}
