package runbook

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The answer to an order says what is done, and to which step.
func TestOrdersAreAnsweredInASentence(t *testing.T) {
	const puts = "what it did is put back first, as far as its steps have an undo"
	for at, want := range map[string]string{
		"acting " + Pause: "the run pauses when at is over", "gate " + Pause: "the run pauses when at is over",
		"paused " + Resume:    "the run goes on with at",
		"paused " + SkipStep:  "at is left out; the run goes on behind it",
		"held " + RetryVrb:    "at is done again",
		"unknown " + MarkDone: "at counts as done; the run goes on behind it",
		"paused " + UndoAll:   "the run ends at at; " + puts,
		"acting " + Abort:     "at is stopped, and the run ends; " + puts,
		"gate " + Abort:       "the run ends at at; " + puts,
	} {
		phase, verb, _ := strings.Cut(at, " ")
		require.Equal(t, want, inPhase(t, phase).orders(verb).Message, at)
	}

	w := inPhase(t, "acting")
	w.orders(Pause)
	require.Equal(t, "the run does not pause; it goes on behind at", w.orders(Resume).Message)

	d := steps(gateFor("last"), action("last", func(s *Step) { s.Risk = Destructive }))
	w = newWorld(t, d)
	w.acts["last"] = []ActResult{{Outcome: Unclear, Message: "lost"}}
	w.begin()
	w.says(true, "bob", "oncall")
	require.Equal(t, "last is done again, once it is approved again", w.orders(RetryVrb).Message)

	d = steps(Step{ID: "at", Kind: Wait, ForSeconds: 600})
	require.Equal(t, "the run ends at at; nothing has to be put back", newWorld(t, d).begin().orders(Abort).Message)
	d.OnFailure = []Step{action("tidy")}
	require.Equal(t, "the run ends at at; its on_failure is done first", newWorld(t, d).begin().orders(Abort).Message)
}
