package runbooktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func people(all ...Person) func(*Case) { return func(c *Case) { c.People = all } }

func script(path string, all ...Script) func(*Case) { return func(c *Case) { c.Steps[path] = all } }

func says(all ...Moment) func(*Case) { return func(c *Case) { c.Probes["p95"] = all } }

var (
	bob     = Person{Approve: "gate", By: "bob", Groups: []string{"oncall"}}
	ticket  = Person{Answer: "ask", By: "bob", Groups: []string{"oncall"}, Fields: condition.Values{"ticket": "OPS-1"}}
	lost    = Script{Outcome: runbook.Unclear, Takes: 10 * time.Second}
	failure = Script{Outcome: runbook.Failed}
)

func order(verb, at string) Person { return Person{Verb: verb, At: at, By: "olga"} }

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*Case)
		want   Result
	}{
		// confirm 20s, the answer after 2m, restart 40s, then p95 falls at 5m: the look at 5m is the first.
		"as usual": {nil, Result{Outcome: runbook.Succeeded, Path: wholePath, Took: 5*time.Minute + time.Minute + 30*time.Second}},
		"a check looks as often as it says": {
			[]func(*Case){script("confirm", looks(false, false, true)...), people()},
			Result{Outcome: runbook.NotNeeded, Reason: "confirm: !result.healthy does not hold", Path: []string{"confirm"}, Took: 20 * time.Second},
		},
		"a check that does not hold at once": {
			[]func(*Case){script("confirm", looks(true)...), people()},
			Result{Outcome: runbook.NotNeeded, Reason: "confirm: !result.healthy does not hold", Path: []string{"confirm"}},
		},
		"a check that cannot be read": {
			[]func(*Case){script("confirm", looks(false)[0], failure), people()},
			Result{
				Outcome: runbook.RunFailed, Reason: "confirm: cannot be told: product.model_health: the case says failed",
				Path: []string{"confirm: failed", "tell", "back"}, Took: 10 * time.Second,
			},
		},
		"a guard that does not hold": {
			[]func(*Case){says(p95(200)...), people()}, Result{Outcome: runbook.Refused, Reason: "far too slow", Path: []string{"confirm: failed"}},
		},
		"a probe that cannot be read": {
			[]func(*Case){says(Moment{Fault: "no answer"}), people()},
			Result{
				Outcome: runbook.Refused, Reason: "a guard cannot be told: probes.p95.value has no value (p95: no answer); far too slow",
				Path: []string{"confirm: failed"},
			},
		},
		"a probe that says nothing yet": {
			[]func(*Case){says(Moment{After: time.Hour, Values: condition.Values{"value": 1.0}}), people()},
			Result{
				Outcome: runbook.Refused, Reason: "a guard cannot be told: probes.p95.value has no value (p95: the case does not say what it says); far too slow",
				Path: []string{"confirm: failed"},
			},
		},
		"a wait that is in vain": {
			[]func(*Case){says(p95(6)...), people(bob)},
			Result{
				Outcome: runbook.RolledBack, Reason: "watch: probes.p95.value < 4.5 did not come to hold in time; done, and not taken back: restart",
				Path: []string{"confirm", "open", "gate", "restart", "watch: timeout", "tell", "back"}, Undone: []string{"open"}, Took: 20*time.Second + 40*time.Second + 10*time.Minute,
			},
		},
		"an action by attempts": {
			[]func(*Case){script("restart", lost, Script{Takes: time.Second}), people(bob, order(runbook.RetryVrb, ""), bob, ticket), says(p95(1)...)},
			Result{
				Outcome: runbook.Succeeded, Path: []string{"confirm", "open", "gate", "restart: unknown", "restart", "watch", "pick", "more", "ask", "rest"},
				Took: 20*time.Second + 10*time.Second + time.Second + 30*time.Second,
			},
		},
		"an undo that fails": {
			[]func(*Case){script("restart", failure), script("undo/open", failure), people(bob)},
			Result{
				Outcome: runbook.RollbackIncomplete, Reason: "restart: the case says failed; then back: not everything could be put back: open: the case says failed",
				Path: []string{"confirm", "open", "gate", "restart: failed", "tell", "back: failed"}, NotUndone: []string{"open"}, Took: 20 * time.Second,
			},
		},
		"a rejection": {
			[]func(*Case){people(Person{Reject: "gate", By: "bob", Groups: []string{"oncall"}, Reason: "not now", After: time.Minute})},
			Result{
				Outcome: runbook.Rejected, Reason: "gate: rejected by bob: not now", Path: []string{"confirm", "open", "gate: failed", "tell", "back"},
				Undone: []string{"open"}, Took: 80 * time.Second,
			},
		},
		"who may not is counted": {
			[]func(*Case){people(Person{Approve: "gate", By: "dan"}, Person{Approve: "gate", By: "anna", Groups: []string{"oncall"}}, bob, ticket), says(p95(1)...)},
			Result{Outcome: runbook.Succeeded, Path: wholePath, Denied: 2, Took: 20*time.Second + 40*time.Second + 30*time.Second},
		},
		"an escalation": {
			[]func(*Case){people(Person{Approve: "gate", By: "sam", Groups: []string{"sre"}, After: 16 * time.Minute}, ticket)},
			Result{Outcome: runbook.Succeeded, Path: wholePath, Took: 20*time.Second + 16*time.Minute + 40*time.Second + 30*time.Second},
		},
		"an order while it watches": {
			[]func(*Case){people(bob, Person{Verb: runbook.Abort, At: "watch", By: "olga", After: 90 * time.Second})},
			Result{
				Outcome: runbook.Aborted, Reason: "abort by olga: the case says so; done, and not taken back: restart", Path: []string{"confirm", "open", "gate", "restart", "watch: failed", "tell", "back"},
				Undone: []string{"open"}, Took: 20*time.Second + 40*time.Second + 90*time.Second,
			},
		},
		"a pause and a skip": {
			[]func(*Case){people(bob, order(runbook.Pause, "restart"), order(runbook.SkipStep, ""), ticket), says(p95(1)...)},
			Result{
				Outcome: runbook.Succeeded, Path: []string{"confirm", "open", "gate", "restart", "watch: skipped", "pick", "more", "ask", "rest"},
				Took: 20*time.Second + 40*time.Second + 30*time.Second,
			},
		},
		"another input": {
			[]func(*Case){func(c *Case) { c.Inputs = condition.Values{"n": int64(1)} }, people(bob, ticket), says(p95(1)...)},
			Result{
				Outcome: runbook.Succeeded, Path: []string{"confirm", "open: skipped", "gate", "restart", "watch", "pick", "more", "ask", "rest"},
				Took: 20*time.Second + 40*time.Second + 30*time.Second,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			one := usual(c.change...)
			one.Expect = Expect{Outcome: c.want.Outcome}
			program := runbook.Lay(mend(t))
			require.Empty(t, Check(program, one))
			got := Run(program, one)
			require.Empty(t, got.Faults)
			require.Equal(t, got, Run(program, one), "the same again")
			got.branches = nil
			require.Equal(t, c.want, got)
		})
	}
}

// What a run is refused for, a test of it fails for.
func TestRunRefusesWhatARunRefuses(t *testing.T) {
	d := mend(t)
	e, err := condition.Compile("run.initiator", condition.Types{"run.initiator": condition.String}, condition.String)
	require.NoError(t, err)
	d.Concurrency.Key = e
	got := Run(runbook.Lay(d), Case{Host: "gpu-1", Initiator: "anna@gpu-1", Start: begin})
	require.Equal(t, []string{`concurrency.key is "anna@gpu-1"; letters, digits and . _ / - make a key, 128 at most`}, got.Faults)
	require.Empty(t, got.Path)
}
