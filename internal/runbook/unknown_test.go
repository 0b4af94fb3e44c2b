package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

// lost is an operation whose outcome is unknown, behind one that can be undone.
func lost(t *testing.T, change ...func(*Step)) *world {
	w := newWorld(t, steps(action("first", undoable), action("fire", append([]func(*Step){once}, change...)...), action("last")))
	w.acts["fire"] = []ActResult{{Outcome: Unclear, Message: "the worker was lost"}}
	return w
}

func TestUnknownOutcomeAsks(t *testing.T) {
	w := lost(t).begin()
	require.Equal(t, []string{"first", "fire"}, w.done, "not again by itself")
	r := w.s.Request
	require.Equal(t, StepUnknown, w.s.Cause)
	require.Equal(t, []string{RetryVrb, MarkDone, UndoAll, Abort}, r.Choices)
	require.Equal(t, "fire may or may not have happened: product.breaker (attempt 1): the worker was lost", r.Message)
	require.Equal(t, Unclear, w.s.Steps["fire"].Outcome)
	require.Equal(t, request.Order, r.Kind)
	require.False(t, w.says(true, "bob", "oncall").Accepted, "an operator must decide, and not who approves")
	require.Equal(t, "it waits for retry, done, undo, abort", w.orders(SkipStep).Message)
}

func TestUnknownOutcomeDecided(t *testing.T) {
	for verb, c := range map[string]struct {
		done      []string
		outcome   Outcome
		notUndone []string
	}{
		RetryVrb: {[]string{"first", "fire", "fire", "last"}, Succeeded, nil},
		MarkDone: {[]string{"first", "fire", "last"}, Succeeded, nil},
		UndoAll:  {[]string{"first", "fire", "undo/first"}, RollbackIncomplete, []string{"fire: its outcome is unknown"}},
		Abort:    {[]string{"first", "fire", "undo/first"}, RollbackIncomplete, []string{"fire: its outcome is unknown"}},
	} {
		t.Run(verb, func(t *testing.T) {
			w := lost(t).begin()
			require.True(t, w.orders(verb).Accepted)
			require.Equal(t, c.done, w.done)
			w.ends(c.outcome)
			require.Equal(t, c.notUndone, w.s.NotUndone)
			require.Len(t, w.kept("operator."+verb), 1)
			require.Equal(t, "olga", w.kept("operator." + verb)[0].Actor)
		})
	}
	t.Run("nobody", func(t *testing.T) {
		w := lost(t).begin()
		w.pass(24 * time.Hour)
		w.ends(RollbackIncomplete)
		require.Len(t, w.kept("request.reminded"), 23)
		require.Equal(t, []string{"fire: its outcome is unknown"}, w.s.NotUndone)
	})
	t.Run("cancelled", func(t *testing.T) {
		w := lost(t).begin()
		w.next(Event{Cancelled: true})
		w.ends(RollbackIncomplete)
		require.Equal(t, "cancelled", w.s.Reason)
	})
}

// Another attempt that does not begin leaves it unknown.
func TestUnknownOutcomeStaysUnknown(t *testing.T) {
	paused := func(t *testing.T) *world {
		w := lost(t).begin()
		require.True(t, w.orders(Pause).Accepted)
		require.True(t, w.orders(RetryVrb).Accepted)
		require.Equal(t, RunPaused, w.s.Cause)
		return w
	}
	for _, verb := range []string{UndoAll, Abort} {
		t.Run(verb, func(t *testing.T) {
			w := paused(t)
			require.True(t, w.orders(verb).Accepted)
			w.ends(RollbackIncomplete)
			require.Equal(t, []string{"fire: its outcome is unknown"}, w.s.NotUndone)
		})
	}
	t.Run("skip", func(t *testing.T) {
		w := paused(t)
		require.Equal(t, "whether fire happened is unknown, so it is not left out; retry, undo or abort", w.orders(SkipStep).Message)
	})
	t.Run("resume", func(t *testing.T) {
		w := paused(t)
		require.True(t, w.orders(Resume).Accepted)
		w.ends(Succeeded)
		require.Empty(t, w.s.Unsettled)
	})
	t.Run("another fails", func(t *testing.T) {
		w := lost(t)
		w.acts["fire"] = append(w.acts["fire"], ActResult{Outcome: Failed, Message: "no"})
		w.begin()
		w.orders(RetryVrb)
		w.ends(RollbackIncomplete)
		require.Equal(t, []string{"fire: its outcome is unknown"}, w.s.NotUndone, "the first may have happened")
	})
}

// What can be undone is as it was when its undo went well, whoever ended the run and however.
func TestUnknownOutcomeUndone(t *testing.T) {
	for name, c := range map[string]struct {
		ends    func(*world)
		outcome Outcome
	}{
		"undo":      {func(w *world) { w.orders(UndoAll) }, RolledBack},
		"abort":     {func(w *world) { w.orders(Abort) }, Aborted},
		"nobody":    {func(w *world) { w.pass(24 * time.Hour) }, Aborted},
		"cancelled": {func(w *world) { w.next(Event{Cancelled: true}) }, Aborted},
	} {
		t.Run(name, func(t *testing.T) {
			w := lost(t, undoable).begin()
			c.ends(w)
			require.Equal(t, []string{"first", "fire", "undo/fire", "undo/first"}, w.done)
			w.ends(c.outcome)
			require.Empty(t, w.s.NotUndone)
			require.Len(t, w.kept("step."+string(Unclear)), 1)
		})
	}
	t.Run("by itself", func(t *testing.T) {
		w := lost(t, undoable, func(s *Step) { s.OnUnknown = Fail }).begin()
		w.ends(RolledBack)
		require.Empty(t, w.s.NotUndone)
	})
	t.Run("its undo fails", func(t *testing.T) {
		w := lost(t, undoable)
		w.acts["undo/fire"] = []ActResult{{Outcome: Failed, Message: "no"}}
		w.begin()
		w.orders(Abort)
		w.ends(RollbackIncomplete)
		require.Equal(t, []string{"fire: no"}, w.s.NotUndone)
	})
}

func TestUnknownOutcomeFails(t *testing.T) {
	w := lost(t, func(s *Step) { s.OnUnknown = Fail }).begin()
	w.ends(RollbackIncomplete)
	require.Equal(t, []string{"fire: its outcome is unknown"}, w.s.NotUndone)
	require.Equal(t, "fire: the worker was lost", w.s.Reason)
}

func TestUnknownOutcomeOfWhatIsAborted(t *testing.T) {
	w := newWorld(t, steps(action("fire", once)))
	w.acts["fire"] = []ActResult{{Outcome: Unclear, Message: "lost"}}
	w.held = true
	w.begin()
	require.True(t, w.orders(Abort).Accepted)
	w.land()
	require.Nil(t, w.s.Request, "who aborts does not want to be asked")
	w.ends(RollbackIncomplete)
	require.Equal(t, []string{"fire: its outcome is unknown"}, w.s.NotUndone)
}
