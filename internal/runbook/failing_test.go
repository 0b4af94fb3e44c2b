package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A no in on_failure stays a no: what the gate was for is not asked for again.
func TestRejectedInOnFailure(t *testing.T) {
	for name, say := range map[string]func(*world){
		"rejected": func(w *world) { w.says(false, "bob", "oncall") },
		"aborted":  func(w *world) { w.orders(Abort) },
		"nobody":   func(w *world) { w.pass(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Definition{
				Steps:     []Step{action("first", undoable), action("broken")},
				OnFailure: []Step{gateFor("restart"), action("restart", destructive), action("tell"), back("put", "")},
			})
			w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
			w.begin()
			require.Equal(t, Asking, w.s.Phase)
			say(w)
			require.Nil(t, w.s.Request)
			require.Equal(t, []string{"first", "broken", "tell", "undo/first"}, w.done)
			require.Equal(t, "gate did not approve it", w.s.Steps["restart"].Message)
			w.ends(RolledBack)
		})
	}
}

// A rollback to a checkpoint leaves the checkpoint: the next one goes back to it, too.
func TestRollbackTwice(t *testing.T) {
	w := newWorld(t, Definition{
		Steps:     []Step{action("before", undoable), {ID: "cp", Kind: Checkpoint}, action("a", undoable), back("again", "cp"), action("b", undoable), action("broken")},
		OnFailure: []Step{back("put", "cp")},
	})
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
	w.begin()
	require.Equal(t, []string{"before", "a", "undo/a", "b", "broken", "undo/b"}, w.done)
	require.Equal(t, []string{"a", "b"}, w.s.Undone)
	require.Equal(t, "broken: no; done, and not taken back: before", w.s.Reason)
}

// A checkpoint that is left out bounds a rollback all the same.
func TestCheckpointThatIsLeftOut(t *testing.T) {
	d := Definition{
		Steps:     []Step{action("before", undoable), {ID: "cp", Kind: Checkpoint}, action("a", undoable), action("broken")},
		OnFailure: []Step{back("put", "cp")},
	}
	t.Run("by its condition", func(t *testing.T) {
		d.Steps[1].When = holds("never")
		w := newWorld(t, d)
		w.truth["never"] = false
		w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
		w.begin()
		require.Equal(t, Skipped, w.s.Steps["cp"].Outcome)
		require.Equal(t, []string{"before", "a", "broken", "undo/a"}, w.done)
	})
	t.Run("by an operator", func(t *testing.T) {
		d.Steps[1].When = d.Steps[0].When
		w := newWorld(t, d)
		w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
		w.held = true
		w.begin()
		require.True(t, w.orders(Pause).Accepted)
		w.held = false
		w.land()
		require.Equal(t, "cp", w.s.Request.Step)
		require.True(t, w.orders(SkipStep).Accepted)
		require.Equal(t, []string{"before", "a", "broken", "undo/a"}, w.done)
	})
}

// Who ends a run that was to pause wants its on_failure, and not to be asked before it.
func TestPauseEndsWithWhatFails(t *testing.T) {
	d := func() Definition {
		return Definition{Steps: append([]Step{action("first", undoable)}, restart().Steps...), OnFailure: []Step{action("safe"), back("put", "")}}
	}
	for name, end := range map[string]func(*world){
		"aborted":   func(w *world) { w.orders(Abort) },
		"rejected":  func(w *world) { w.says(false, "bob", "oncall") },
		"cancelled": func(w *world) { w.next(Event{Cancelled: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, d()).begin()
			require.True(t, w.orders(Pause).Accepted)
			end(w)
			require.Nil(t, w.s.Request)
			require.Equal(t, []string{"first", "safe", "undo/first"}, w.done)
		})
	}
	t.Run("paused in on_failure", func(t *testing.T) {
		for name, end := range map[string]func(*world){"abort": func(w *world) { w.orders(Abort) }, "nobody": func(w *world) { w.pass(25 * time.Hour) }} {
			w := newWorld(t, Definition{Steps: []Step{action("first", undoable), action("broken")}, OnFailure: []Step{action("tell"), action("safe"), back("put", "")}})
			w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "no"}}
			for w.held = true; w.flying == nil || w.flying.Acted == nil || w.done[len(w.done)-1] != "tell"; w.held = true {
				if w.flying == nil {
					w.begin()
				} else {
					e := *w.flying
					w.flying = nil
					w.next(e)
				}
			}
			require.True(t, w.orders(Pause).Accepted, name)
			w.land()
			require.Equal(t, RunPaused, w.s.Cause, name)
			end(w)
			require.Equal(t, []string{"first", "broken", "tell", "safe", "undo/first"}, w.done, name)
		}
	})
}

// What was certainly not begun is not put back.
func TestNothingToPutBack(t *testing.T) {
	w := newWorld(t, steps(action("first", undoable), action("second", undoable)))
	w.acts["second"] = []ActResult{{Outcome: Failed, Message: "the configuration has changed", NotBegun: true}}
	w.begin()
	require.Equal(t, []string{"first", "second", "undo/first"}, w.done)
	require.Equal(t, []string{"first"}, w.s.Undone)

	w = newWorld(t, steps(action("first", undoable), action("second", once, undoable)))
	w.acts["second"] = []ActResult{{Outcome: Unclear, Message: "lost"}, {Outcome: Failed, Message: "too late", NotBegun: true}}
	w.begin()
	w.orders(RetryVrb)
	require.Equal(t, []string{"first", "second", "second", "undo/second", "undo/first"}, w.done, "the attempt before may have been")
}
