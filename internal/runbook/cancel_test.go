package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A cancellation ends the run in every phase, as an operator's abort does, and puts things back.
func TestCancelled(t *testing.T) {
	for _, phase := range []string{"acting", "watching", "checking", "resting", "gate", "manual", "paused", "held"} {
		t.Run(phase, func(t *testing.T) {
			w := inPhase(t, phase)
			late := w.flying
			w.held = false
			w.next(Event{Cancelled: true})
			if late != nil {
				require.Equal(t, Command{Cancel: true}, w.commands[len(w.commands)-1], "what is at work is stopped, and its answer waited for")
				w.land()
			}
			w.ends(Aborted)
			require.Regexp(t, "^cancelled(; done, and not taken back: at)?$", w.s.Reason)
			require.Equal(t, "undo/first", w.done[len(w.done)-1])
			require.NotContains(t, w.done, "last")
			require.Empty(t, w.timers)
		})
	}
}

func TestCancelledWhileItReads(t *testing.T) {
	d := steps(action("a", func(s *Step) { s.When = holds("w", "probes.p.value") }))
	d.Probes = []Probe{{Name: "p", Uses: "prometheus.query", MaxAgeSeconds: 30}}
	s, commands := Next(Lay(d), New(Run{Name: "fix"}, nil), Event{At: startOfTime, Begin: true})
	require.Equal(t, Probing, s.Phase)
	read := commands[len(commands)-1]
	require.NotNil(t, read.Read)
	s, _ = Next(Lay(d), s, Event{At: startOfTime, Cancelled: true})
	require.Equal(t, Aborted, s.Outcome)
	again, commands := Next(Lay(d), s, Event{At: startOfTime, Seq: read.Seq, Read: map[string]Reading{"p": {At: startOfTime}}})
	require.Equal(t, s, again)
	require.Empty(t, commands)
}

// What is being put back is put back. A rollback in the middle of a run then ends it.
func TestCancelledWhileItUndoes(t *testing.T) {
	w := inPhase(t, "undoing")
	w.next(Event{Cancelled: true})
	w.land()
	w.ends(Rejected)
	require.Equal(t, "undo/first", w.done[len(w.done)-1])

	w = newWorld(t, steps(action("a", undoable), back("r", ""), action("last")))
	w.begin0("a")
	require.Equal(t, []string{"a", "undo/a"}, w.done)
	w.next(Event{Cancelled: true})
	require.Equal(t, Undoing, w.s.Phase)
	w.land()
	w.ends(Aborted)
	require.Equal(t, []string{"a", "undo/a"}, w.done)
}

func TestCancelledOnTheWayDown(t *testing.T) {
	d := steps(action("broken"))
	d.OnFailure = []Step{{ID: "rest", Kind: Wait, ForSeconds: 30}, action("tidy")}
	w := newWorld(t, d)
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "broken"}}
	w.begin()
	w.next(Event{Cancelled: true})
	require.Equal(t, []string{"broken", "tidy"}, w.done, "what is left of on_failure is done all the same")
	w.ends(RunFailed)
	require.Equal(t, "broken: broken; then cancelled", w.s.Reason)
}
