package runbook

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
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
		require.Equal(t, "?\nAsked again: what the step would do is no longer what was approved: restart: service.restart n=2000000.", w.s.Request.Message)
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
		require.Equal(t, "?\nAsked again: this is attempt 2, and an approval is for one.", w.s.Request.Message)
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

// A reset makes another run of it: what was approved was approved for the one before, and what is open is asked again.
func TestResetVoidsApprovals(t *testing.T) {
	w := newWorld(t, restartN(Step{ID: "rest", Kind: Wait, ForSeconds: 30})).begin()
	w.says(true, "bob", "oncall")
	require.Len(t, w.s.Approvals, 1)
	w.run = "another-89abcdef"
	w.pass(30 * time.Second)
	require.Empty(t, w.done)
	require.Equal(t, "runbook/h/shop/fix/k:gate.2@89abcdef", w.s.Request.ID)
	w.says(true, "bob", "oncall")
	require.Equal(t, []string{"restart"}, w.done)

	w = newWorld(t, restart()).begin()
	old := w.s.Request.ID
	w.run = "another-89abcdef"
	reply := w.word(request.Answer{Request: old, By: "bob", Standing: request.Standing{Groups: []string{"oncall"}}, Decision: request.Approve})
	require.Equal(t, request.Reply{Message: old + " is not open"}, reply)
	require.Equal(t, "runbook/h/shop/fix/k:gate.2@89abcdef", w.s.Request.ID)
	require.Len(t, w.kept("request.withdrawn"), 1)
	require.Empty(t, w.done)
}

// A second abort does not keep on_failure from putting things back.
func TestAbortOfAnAbort(t *testing.T) {
	for name, ends := range map[string]func(w *world){
		"aborted":   func(w *world) { require.True(t, w.orders(Abort).Accepted) },
		"cancelled": func(w *world) { w.next(Event{Cancelled: true}) },
		"broken":    func(w *world) { w.next(Event{Broken: "the ledger is away"}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := steps(action("first", undoable), Step{ID: "ask", Kind: Manual, Groups: []string{"oncall"}, TimeoutSeconds: 60, Message: "m"})
			put := back("put", "")
			put.When = holds("ok", "probes.p.value")
			d.Probes = []Probe{{Name: "p", Uses: "prometheus.query", Unit: "s", MaxAgeSeconds: 30}}
			d.OnFailure = []Step{put}
			w := newWorld(t, d).begin()
			w.silent = true // the probe takes its time
			require.True(t, w.orders(Abort).Accepted)
			require.Equal(t, Probing, w.s.Phase)
			ends(w)
			w.silent = false
			if w.flying != nil && w.s.Phase == Probing {
				w.land()
			}
			require.Equal(t, []string{"first", "undo/first"}, w.done)
			require.Equal(t, Over, w.s.Phase)
			require.Equal(t, []string{"first"}, w.s.Undone)
		})
	}
}

// What on_failure was to put back and could not is named.
func TestRollbackThatIsNotDone(t *testing.T) {
	put := back("put", "")
	put.When = holds("unknown")
	w := newWorld(t, Definition{Steps: []Step{action("first", undoable), action("broken")}, OnFailure: []Step{put}})
	w.truth["unknown"] = errors.New("no value")
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "broken"}}
	w.begin()
	w.ends(RollbackIncomplete)
	require.Equal(t, []string{"first: put was not done"}, w.s.NotUndone)
}

// What was done and nothing takes back is named, however the run ended badly; what was put back is not.
func TestWhatStaysIsNamed(t *testing.T) {
	t.Run("failed", func(t *testing.T) {
		w := newWorld(t, steps(action("a", undoable), action("b"), action("broken")))
		w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
		w.begin()
		w.ends(RolledBack)
		require.Equal(t, "broken: no; done, and not taken back: b", w.s.Reason)
	})
	t.Run("rejected", func(t *testing.T) {
		d := restart()
		d.Steps = append([]Step{action("a", undoable), action("b")}, d.Steps...)
		w := newWorld(t, d).begin()
		w.says(false, "bob", "oncall")
		w.ends(Rejected)
		require.Equal(t, "gate: rejected by bob; done, and not taken back: b", w.s.Reason)
	})
	t.Run("aborted", func(t *testing.T) {
		w := newWorld(t, steps(action("b"), Step{ID: "rest", Kind: Wait, ForSeconds: 30})).begin()
		w.orders(Abort)
		w.ends(Aborted)
		require.Equal(t, "abort by olga: a test; done, and not taken back: b", w.s.Reason)
	})
	for name, undo := range map[string]StepOutcome{"before the checkpoint": OK, "and an undo behind it fails": Failed} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Definition{
				Steps:     []Step{action("a", undoable), {ID: "cp", Kind: Checkpoint}, action("b", undoable), action("broken")},
				OnFailure: []Step{action("tell"), back("put", "cp")},
			})
			w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
			w.acts["undo/b"] = []ActResult{{Outcome: undo, Message: "stuck"}}
			w.begin()
			require.Equal(t, []string{"a", "b", "broken", "tell", "undo/b"}, w.done)
			if undo == OK {
				w.ends(RunFailed)
				require.Empty(t, w.s.NotUndone)
			} else {
				w.ends(RollbackIncomplete)
				require.Equal(t, []string{"b: stuck"}, w.s.NotUndone)
			}
			require.Contains(t, w.s.Reason, "; done, and not taken back: a")
		})
	}
}
