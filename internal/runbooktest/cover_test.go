package runbooktest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Each case takes away what it goes through; in the end nothing is left.
func TestUncovered(t *testing.T) {
	program := runbook.Lay(mend(t))
	all := []string{
		"guards[0]: a guard that does not hold is in no case",
		"confirm: a condition that holds is in no case", "confirm: a condition that does not hold is in no case",
		"open: when that holds is in no case", "open: when that does not hold is in no case",
		"open: ok is in no case", "open: failed outcome is in no case",
		"gate: approval is in no case", "gate: rejection is in no case", "gate: escalation is in no case",
		"restart: ok is in no case", "restart: failed outcome is in no case", "restart: unknown outcome is in no case",
		"watch: a condition that holds is in no case", "watch: a condition that does not hold is in no case",
		"pick: case 1 is in no case", "pick: a switch of which no case holds is in no case",
		"more: ok is in no case", "more: failed outcome is in no case",
		"ask: answer is in no case", "ask: expiry is in no case",
		"on_failure is in no case",
	}
	require.Equal(t, all, Uncovered(program, nil))
	fast := says(p95(1)...)
	covers := []struct {
		change []func(*Case)
		gone   []string
	}{
		{nil, []string{
			"confirm: a condition that holds", "open: when that holds", "open: ok", "gate: approval", "restart: ok", "watch: a condition that holds",
			"pick: case 1", "more: ok", "ask: answer",
		}},
		{nil, nil},
		{[]func(*Case){script("confirm", looks(true)...)}, []string{"confirm: a condition that does not hold"}},
		{[]func(*Case){script("confirm", failure)}, []string{"on_failure"}},
		{[]func(*Case){says(p95(200)...)}, []string{"guards[0]: a guard that does not hold"}},
		{[]func(*Case){func(c *Case) { c.Inputs = condition.Values{"n": int64(1)} }}, []string{"open: when that does not hold"}},
		{[]func(*Case){script("open", Script{Outcome: runbook.TimedOut})}, []string{"open: failed outcome"}},
		{[]func(*Case){people(Person{Reject: "gate", By: "bob", Groups: []string{"oncall"}})}, []string{"gate: rejection"}},
		{[]func(*Case){people()}, []string{"gate: escalation"}},
		{[]func(*Case){people(bob), script("restart", lost)}, []string{"restart: unknown outcome"}},
		{[]func(*Case){people(bob), script("restart", failure)}, []string{"restart: failed outcome"}},
		{[]func(*Case){people(bob), says(p95(6)...)}, []string{"watch: a condition that does not hold"}},
		{[]func(*Case){people(bob, ticket), fast, script("confirm", looks(false)...)}, []string{"pick: a switch of which no case holds"}},
		{[]func(*Case){people(bob, ticket), fast, script("more", failure)}, []string{"more: failed outcome"}},
		{[]func(*Case){people(bob), fast}, []string{"ask: expiry"}},
	}
	var results []Result
	left := all
	for i, c := range covers {
		results = append(results, Run(program, usual(c.change...)))
		now := Uncovered(program, results)
		var gone []string
		for _, b := range left {
			if !slices.Contains(now, b) {
				gone = append(gone, b[:len(b)-len(" is in no case")])
			}
		}
		require.Equal(t, c.gone, gone, "case %d: %s", i, results[i].Reason)
		left = now
	}
	require.Empty(t, left)
}

// A pause that nobody ends is not a gate that nobody answers.
func TestExpiryOfAPause(t *testing.T) {
	d := mend(t)
	d.Steps[2].Gate.OnTimeout = runbook.Reject
	r := Run(runbook.Lay(d), usual(people(order(runbook.Pause, "open"))))
	require.Contains(t, r.Reason, ":gate.1 in time", "it is paused before the gate")
	require.Equal(t, runbook.Aborted, r.Outcome)
	require.Equal(t, 24*time.Hour+20*time.Second, r.Took)
	require.Contains(t, Uncovered(runbook.Lay(d), []Result{r}), "gate: expiry is in no case")
}

// What was evaluated beside a guard that does not hold did not decide anything.
func TestGuardComesFirst(t *testing.T) {
	d := mend(t)
	d.Steps[0].When = is(t, "inputs.n > 0")
	r := Run(runbook.Lay(d), usual(says(p95(200)...)))
	require.Equal(t, runbook.Refused, r.Outcome)
	missing := Uncovered(runbook.Lay(d), []Result{r})
	require.NotContains(t, missing, "guards[0]: a guard that does not hold is in no case")
	require.Contains(t, missing, "confirm: when that holds is in no case")
}

// Conditions with the same text count as one, and what is called has cases of its own.
func TestCoveredElsewhere(t *testing.T) {
	tell := func(id string) runbook.Step {
		return runbook.Step{ID: id, Kind: runbook.Notify, When: is(t, "inputs.n > 1")}
	}
	inner := mend(t)
	d := runbook.Definition{Steps: []runbook.Step{tell("a"), {ID: "sub", Kind: runbook.Call, Called: &inner}, tell("b")}}
	require.Equal(t, []string{"a: when that holds is in no case", "a: when that does not hold is in no case"}, Uncovered(runbook.Lay(d), nil))
}
