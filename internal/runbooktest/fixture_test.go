package runbooktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

var begin = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

// names are what expressions of the fixture may use.
var names = condition.Types{
	"inputs.n": condition.Int, "probes.p95.value": condition.Double, "result.healthy": condition.Bool, "result.replicas": condition.Int,
	"steps.confirm.replicas": condition.Int, "steps.restart.restarted": condition.Int, "steps.ask.ticket": condition.String, "now": condition.Time,
}

func is(t *testing.T, text string) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, names, condition.Bool)
	require.NoError(t, err)
	return e
}

// mend is a runbook with a branch of every kind.
func mend(t *testing.T) runbook.Definition {
	t.Helper()
	model := []runbook.Filled{{Name: "model", Value: runbook.Value{Constant: "m"}}}
	low := 1.0
	act := func(id, uses string, risk runbook.Risk, idempotent bool) runbook.Step {
		return runbook.Step{ID: id, Kind: runbook.Action, Uses: uses, Risk: risk, Idempotent: idempotent, TimeoutSeconds: 60}
	}
	open := act("open", "product.breaker", runbook.Write, true)
	open.Undo = &runbook.Undo{Uses: "product.breaker"}
	open.When = is(t, "inputs.n > 1")
	return runbook.Definition{
		Name:   "mend",
		Inputs: []input.Field{{Name: "n", Type: condition.Int, Min: &low, Default: int64(2)}},
		Probes: []runbook.Probe{{Name: "p95", Uses: "prometheus.query", MaxAgeSeconds: 15}},
		Guards: []runbook.Guard{{Check: is(t, "probes.p95.value < 100.0"), Message: "far too slow"}},
		Steps: []runbook.Step{
			{ID: "confirm", Kind: runbook.Check, Uses: "product.model_health", With: model, Require: is(t, "!result.healthy"), Times: 3, EverySeconds: 10, TimeoutSeconds: 90, OnFalse: runbook.End},
			open,
			{ID: "gate", Kind: runbook.GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 900, Message: "?", Gate: &runbook.Gate{
				Approves: []string{"restart"}, Min: 1, OnTimeout: runbook.Escalate, EscalateTo: []string{"sre"}, NotInitiator: true,
			}},
			act("restart", "service.restart", runbook.Destructive, false),
			{ID: "watch", Kind: runbook.Wait, Until: is(t, "probes.p95.value < 4.5"), EverySeconds: 15, TimeoutSeconds: 600},
			{ID: "pick", Kind: runbook.Switch, Cases: []runbook.Case{{
				When: is(t, "steps.confirm.replicas > 1"), Steps: []runbook.Step{act("more", "service.scale", runbook.Write, true)},
			}}},
			{ID: "ask", Kind: runbook.InputStep, Groups: []string{"oncall"}, TimeoutSeconds: 600, Message: "?", Fields: []input.Field{{Name: "ticket", Type: condition.String}}},
			{ID: "rest", Kind: runbook.Wait, ForSeconds: 30},
		},
		OnFailure: []runbook.Step{{ID: "tell", Kind: runbook.Notify, Message: "it failed"}, {ID: "back", Kind: runbook.Rollback}},
	}
}

// usual is a case of mend that goes well; change makes another one of it.
func usual(change ...func(*Case)) Case {
	c := Case{
		Name: "usual", Host: "host", Initiator: "anna", Start: begin,
		Probes: map[string][]Moment{"p95": {{Values: condition.Values{"value": 6.0}}, {After: 5 * time.Minute, Values: condition.Values{"value": 1.2}}}},
		Steps: map[string][]Script{
			"confirm": {{Outputs: condition.Values{"healthy": false, "replicas": int64(2)}}}, "restart": {{Takes: 40 * time.Second}},
		},
		People: []Person{
			{Approve: "gate", By: "bob", Groups: []string{"oncall"}, After: 2 * time.Minute},
			{Answer: "ask", By: "bob", Groups: []string{"oncall"}, After: time.Minute, Fields: condition.Values{"ticket": "OPS-1"}},
		},
		Expect: Expect{Outcome: runbook.Succeeded, Path: wholePath},
	}
	for _, do := range change {
		do(&c)
	}
	return c
}

var wholePath = []string{"confirm", "open", "gate", "restart", "watch", "pick", "more", "ask", "rest"}

func looks(healthy ...bool) []Script {
	var all []Script
	for _, h := range healthy {
		all = append(all, Script{Outputs: condition.Values{"healthy": h}})
	}
	return all
}

func p95(values ...float64) []Moment {
	var all []Moment
	for i, v := range values {
		all = append(all, Moment{After: time.Duration(i) * 5 * time.Minute, Values: condition.Values{"value": v}})
	}
	return all
}
