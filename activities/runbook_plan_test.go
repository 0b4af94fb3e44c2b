package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/ledger"
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

// cooling runs at most once within ten minutes.
type cooling struct{ reload }

func (c cooling) Runbook(name string) (runbook.Definition, bool) {
	d, ok := c.reload.Runbook(name)
	d.Triggers.CooldownSeconds = 600
	return d, ok
}

// acted is a ledger in which one subject has acted a minute ago.
type acted struct {
	Ledger
	subject string
	err     error
}

func (a acted) Read(_ context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	if f.Kind != runbook.ActingKind || f.Subject != a.subject {
		return nil, a.err
	}
	return []ledger.Entry{{At: time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}}, a.err
}

// A plan knows what a run asks first.
func TestPlanIsSuppressed(t *testing.T) {
	plan := func(l Ledger) RunbookPlan {
		r := &Runbooks{Definitions: cooling{}, Operations: choosy{}, Ledger: l, Projects: map[string][]string{"gpu-1": nil}}
		plan, err := r.PlanRunbook(t.Context(), RunbookCall{Name: "reload", Host: "gpu-1", Inputs: condition.Values{"model": "x"}})
		require.NoError(t, err)
		return plan
	}
	require.Contains(t, plan(acted{subject: "runbook/gpu-1/-/reload"}).Suppressed, "cooldown: the last run acted at")
	require.Empty(t, plan(acted{subject: "another"}).Suppressed)
	away := plan(acted{err: errors.New("the ledger is away")})
	require.Empty(t, away.Suppressed)
	require.Equal(t, "the ledger is away", away.Unasked)
}
