package runbook

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func failing(id string) (Step, ActResult) {
	return action(id), ActResult{Outcome: Failed, Message: "broken"}
}

func point(id string) Step { return Step{ID: id, Kind: Checkpoint} }

func back(id, to string) Step { return Step{ID: id, Kind: Rollback, To: to} }

func TestUndo(t *testing.T) {
	broken, outcome := failing("broken")
	refused := []ActResult{{Outcome: Failed, Message: "refused"}}
	for name, c := range map[string]struct {
		steps     []Step
		failure   []Step
		acts      map[string][]ActResult
		done      []string
		outcome   Outcome
		undone    []string
		notUndone []string
	}{
		"last first": {
			steps: []Step{action("a", undoable), action("b"), action("c", undoable), broken},
			done:  []string{"a", "b", "c", "broken", "undo/c", "undo/a"}, outcome: RolledBack, undone: []string{"c", "a"},
		},
		"the failed one too, for nobody knows how far it came": {
			steps: []Step{action("broken", undoable)},
			done:  []string{"broken", "undo/broken"}, outcome: RolledBack, undone: []string{"broken"},
		},
		"nothing to undo": {steps: []Step{action("a"), broken}, done: []string{"a", "broken"}, outcome: RunFailed},
		"one that cannot be put back does not stop the others": {
			steps: []Step{action("a", undoable), action("b", undoable), broken}, acts: map[string][]ActResult{"undo/b": refused},
			done: []string{"a", "b", "broken", "undo/b", "undo/a"}, outcome: RollbackIncomplete, undone: []string{"a"}, notUndone: []string{"b: refused"},
		},
		"a step that was left out is not put back": {
			steps: []Step{action("a", undoable, func(s *Step) { s.When = holds("no") }), broken}, done: []string{"broken"}, outcome: RunFailed,
		},
		"a checkpoint is no bound for a failure": {
			steps: []Step{action("a", undoable), point("p"), action("b", undoable), broken},
			done:  []string{"a", "b", "broken", "undo/b", "undo/a"}, outcome: RolledBack, undone: []string{"b", "a"},
		},
		"rollback to a checkpoint": {
			steps: []Step{action("a", undoable), point("p"), action("b", undoable), back("r", "p"), action("c")},
			done:  []string{"a", "b", "undo/b", "c"}, outcome: Succeeded, undone: []string{"b"},
		},
		"rollback to the beginning": {
			steps: []Step{action("a", undoable), point("p"), action("b", undoable), back("r", ""), action("c")},
			done:  []string{"a", "b", "undo/b", "undo/a", "c"}, outcome: Succeeded, undone: []string{"b", "a"},
		},
		"rollback to a checkpoint that was left out": {
			steps: []Step{action("a", undoable), {ID: "p", Kind: Checkpoint, When: holds("no")}, back("r", "p"), action("c")},
			done:  []string{"a", "c"}, outcome: Succeeded,
		},
		"what was rolled back is not put back again": {
			steps: []Step{action("a", undoable), point("p"), action("b", undoable), back("r", "p"), broken},
			done:  []string{"a", "b", "undo/b", "broken", "undo/a"}, outcome: RolledBack, undone: []string{"b", "a"},
		},
		"a rollback that is not complete fails": {
			steps: []Step{action("a", undoable), point("p"), action("b", undoable), back("r", "p"), action("c")},
			acts:  map[string][]ActResult{"undo/b": refused},
			done:  []string{"a", "b", "undo/b", "undo/a"}, outcome: RollbackIncomplete, undone: []string{"a"}, notUndone: []string{"b: refused"},
		},
		"on_failure instead": {
			steps: []Step{action("a", undoable), broken}, failure: []Step{action("tidy"), action("tell")},
			done: []string{"a", "broken", "tidy", "tell"}, outcome: RunFailed,
		},
		"on_failure that rolls back": {
			steps: []Step{action("a", undoable), broken}, failure: []Step{action("tidy"), back("r", "")},
			done: []string{"a", "broken", "tidy", "undo/a"}, outcome: RolledBack, undone: []string{"a"},
		},
		"a step of on_failure that fails does not stop the others": {
			steps: []Step{broken}, failure: []Step{action("tidy"), action("tell")}, acts: map[string][]ActResult{"tidy": refused},
			done: []string{"broken", "tidy", "tell"}, outcome: RunFailed,
		},
		"a run that ends well puts nothing back": {
			steps: []Step{action("a", undoable), action("b", undoable)}, done: []string{"a", "b"}, outcome: Succeeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Definition{Steps: c.steps, OnFailure: c.failure})
			w.truth["no"] = false
			maps.Copy(w.acts, c.acts)
			w.acts["broken"] = []ActResult{outcome}
			w.begin()
			require.Equal(t, c.done, w.done)
			w.ends(c.outcome)
			require.Equal(t, c.undone, w.s.Undone)
			require.Equal(t, c.notUndone, w.s.NotUndone)
			end := dataOf[Finished](t, w.kept("runbook.finished")[0])
			require.Equal(t, c.undone, end.Undone)
			require.Equal(t, c.notUndone, end.NotUndone)
		})
	}
}

// What takes a step back is made before the step acts, with what was true then.
func TestUndoRemembers(t *testing.T) {
	was := condition.Expression{Text: "was", Result: condition.Int, Uses: condition.Types{"inputs.n": condition.Int}}
	s := action("scale")
	s.Undo = &Undo{Uses: "service.scale", With: []Filled{{Name: "replicas", Value: Value{Expression: was}}, {Name: "service", Value: Value{Constant: "app"}}}}
	w := newWorld(t, steps(s, action("broken")))
	w.truth["was"] = int64(2)
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "broken"}}
	w.begin()
	var undo *ActCall
	for _, c := range w.commands {
		if c.Act != nil && c.Act.Undo {
			undo = c.Act
		}
	}
	require.Equal(t, &ActCall{
		Path: "scale", Run: runID, Project: "shop", Attempt: 1, Uses: "service.scale", With: condition.Values{"replicas": int64(2), "service": "app"}, Risk: Write, Undo: true,
		Idempotent: true, TimeoutSeconds: actLimit, Retry: Retry{Attempts: undoAttempts, IntervalSeconds: 2},
	}, undo)
	require.Equal(t, "scale", dataOf[StepUndone](t, w.kept("undo.ok")[0]).Step)
}

func TestHowAnActionFails(t *testing.T) {
	for outcome, reason := range map[StepOutcome]string{Failed: "a: why", TimedOut: "a: why"} {
		w := newWorld(t, steps(action("a"), action("b")))
		w.acts["a"] = []ActResult{{Outcome: outcome, Message: "why"}}
		w.begin()
		w.ends(RunFailed)
		require.Equal(t, reason, w.s.Reason)
		require.Equal(t, []string{"a"}, w.done)
		require.Equal(t, outcome, w.s.Steps["a"].Outcome)
		require.Len(t, w.kept("step."+string(outcome)), 1)
	}
}
