package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

// What comes late, twice or out of turn changes nothing.
func TestStaleEvents(t *testing.T) {
	ok := &ActResult{Outcome: OK}
	for name, c := range map[string]struct {
		phase string
		e     Event
	}{
		"an older answer of an operation": {"acting", Event{Seq: 1, Acted: ok}},
		"a newer one":                     {"acting", Event{Seq: 99, Acted: ok}},
		"a look while it acts":            {"acting", Event{Seq: -1, Watched: &WatchResult{Held: true}}},
		"values while it acts":            {"acting", Event{Seq: -1, Evaluated: map[string]ItemResult{}}},
		"a reading while it acts":         {"acting", Event{Seq: -1, Read: map[string]Reading{"p": {}}}},
		"an operation while it watches":   {"watching", Event{Seq: -1, Acted: ok}},
		"an operation at a gate":          {"gate", Event{Seq: -1, Acted: ok}},
		"an operation while it rests":     {"resting", Event{Seq: -1, Acted: ok}},
		"the end of a rest while it acts": {"acting", Event{Timer: restTimer}},
		"the end of a rest at a gate":     {"gate", Event{Timer: restTimer}},
		"a deadline while it acts":        {"acting", Event{Timer: DeadlineTimer}},
		"a reminder while it acts":        {"acting", Event{Timer: remindTimer}},
		"a reminder while it rests":       {"resting", Event{Timer: remindTimer}},
		"a timer that there is not":       {"gate", Event{Timer: "tea"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := inPhase(t, c.phase)
			if c.e.Seq == -1 {
				c.e.Seq = w.s.Seq
			}
			before, commands := w.s, len(w.commands)
			w.next(c.e)
			require.Equal(t, before, w.s)
			require.Len(t, w.commands, commands)
		})
	}
}

// A timer of an earlier wait, which fired while that ended, does not end a later one.
func TestTimersOfEarlierWaits(t *testing.T) {
	w := inPhase(t, "resting")
	w.now = w.now.Add(time.Minute)
	w.next(Event{Timer: restTimer})
	require.Equal(t, Resting, w.s.Phase)
	w.pass(9*time.Minute - time.Second)
	require.Equal(t, Resting, w.s.Phase)
	w.pass(time.Second)
	w.ends(Succeeded)

	w = inPhase(t, "gate")
	w.now = w.now.Add(time.Minute)
	w.next(Event{Timer: DeadlineTimer})
	require.NotNil(t, w.s.Request)
	w.pass(14 * time.Minute)
	w.ends(Rejected)
}

func TestAnswersThatComeLate(t *testing.T) {
	d := restart()
	d.Steps = append(d.Steps, Step{ID: "ask", Kind: Manual, Groups: []string{"oncall"}, TimeoutSeconds: 60, Message: "m"})
	w := newWorld(t, d).begin()
	first := w.s.Request.ID
	w.says(true, "bob", "oncall")
	second := w.s.Request.ID
	a := request.Answer{Request: first, By: "bob", Decision: request.Approve, Standing: request.Standing{Groups: []string{"oncall"}}}
	require.Equal(t, request.Reply{Message: "runbook/h/shop/fix/k:gate.1@0123abcd is not open"}, w.word(a))
	require.Equal(t, second, w.s.Request.ID)
	require.Equal(t, []string{"restart"}, w.done)
}
