package runbook

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// restartN restarts n services; the number is an expression.
func restartN(between ...Step) Definition {
	s := action("restart", destructive)
	s.With = []Filled{{Name: "n", Value: Value{Expression: condition.Expression{Text: "n", Result: condition.Int, Uses: condition.Types{"inputs.n": condition.Int}}}}}
	return steps(append(append([]Step{gateFor("restart")}, between...), s)...)
}

// An approval holds for the attempt, the arguments, the plan and the time that it was given for; else the
// gate opens again.
func TestApprovalIsVoid(t *testing.T) {
	t.Run("other arguments", func(t *testing.T) {
		w := newWorld(t, restartN(Step{ID: "ask", Kind: Manual, Groups: []string{"oncall"}, TimeoutSeconds: 60, Message: "m"}))
		w.truth["n"] = int64(2_000_000)
		w.begin().says(true, "bob", "oncall")
		w.truth["n"] = int64(2_000_001)
		w.says(true, "bob", "oncall")
		require.Empty(t, w.done)
		require.Equal(t, "gate", w.s.Request.Step)
		require.Equal(t, "gate again: attempt 1 at restart", w.s.Request.Message)
		require.Equal(t, int64(2_000_001), w.s.Request.Allows[0].Arguments["n"])
		w.says(true, "bob", "oncall")
		require.Equal(t, []string{"restart"}, w.done)
		w.ends(Succeeded)
	})
	t.Run("the same arguments", func(t *testing.T) {
		w := newWorld(t, restartN(Step{ID: "rest", Kind: Wait, ForSeconds: 30}))
		w.truth["n"] = int64(2_000_000)
		w.begin().says(true, "bob", "oncall")
		w.pass(30 * time.Second)
		w.ends(Succeeded)
	})
	t.Run("another attempt", func(t *testing.T) {
		w := newWorld(t, restart())
		w.acts["restart"] = []ActResult{{Outcome: Unclear, Message: "lost"}}
		w.begin().says(true, "bob", "oncall")
		require.True(t, w.orders(RetryVrb).Accepted)
		require.Equal(t, []string{"restart"}, w.done)
		require.Equal(t, 2, w.s.Request.Allows[0].Attempt)
		w.says(true, "bob", "oncall")
		require.Equal(t, []string{"restart", "restart"}, w.done)
		w.ends(Succeeded)
	})
	t.Run("another plan", func(t *testing.T) {
		w := newWorld(t, restartN(Step{ID: "rest", Kind: Wait, ForSeconds: 30})).begin()
		w.says(true, "bob", "oncall")
		w.s.Run.PlanSHA256 = "another"
		w.pass(30 * time.Second)
		require.Empty(t, w.done)
		require.Equal(t, "another", w.s.Request.PlanSHA256)
	})
	t.Run("too late", func(t *testing.T) {
		w := newWorld(t, restartN(Step{ID: "rest", Kind: Wait, ForSeconds: 901})).begin()
		w.says(true, "bob", "oncall")
		w.pass(901 * time.Second)
		require.Empty(t, w.done)
		require.Equal(t, Asking, w.s.Phase)
	})
	t.Run("just in time", func(t *testing.T) {
		w := newWorld(t, restartN(Step{ID: "rest", Kind: Wait, ForSeconds: 900})).begin()
		w.says(true, "bob", "oncall")
		w.pass(900 * time.Second)
		w.ends(Succeeded)
	})
}

func TestGateThatWasLeftOut(t *testing.T) {
	d := restart()
	d.Steps[0].When = holds("a")
	w := newWorld(t, d)
	w.truth["a"] = false
	w.begin()
	require.Empty(t, w.done, "the step asks for itself")
	require.Equal(t, "gate", w.s.Request.Step)
	w.says(false, "bob", "oncall")
	w.ends(Rejected)
	require.Equal(t, Failed, w.s.Steps["restart"].Outcome)
}

func TestNoGateAtAll(t *testing.T) {
	w := newWorld(t, steps(action("restart", destructive))).begin()
	require.Empty(t, w.done)
	w.ends(RunFailed)
	require.Equal(t, "restart: no gate approves it", w.s.Reason)
}

func TestGateOfWhatIsNotKnown(t *testing.T) {
	w := newWorld(t, restartN())
	w.truth["n"] = errors.New("inputs.n has no value")
	w.begin()
	w.ends(RunFailed)
	require.Equal(t, "gate: what is to be approved is not known yet: restart: n: inputs.n has no value", w.s.Reason)
}

// What a gate is for needs the approval even when it destroys nothing.
func TestGateOfAWrite(t *testing.T) {
	w := newWorld(t, steps(gateFor("open"), action("open"))).begin()
	require.Equal(t, Write, w.s.Request.Risk)
	w.says(true, "bob", "oncall")
	require.Equal(t, []string{"open"}, w.done)
	w.ends(Succeeded)
}
