package runbook

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func dryRun(t *testing.T, d Definition, truth map[string]any, looks map[string]WatchResult) *world {
	t.Helper()
	w := newWorld(t, d)
	w.s.Run.Dry = true
	w.truth, w.looks = truth, looks
	w.begin()
	require.Equal(t, Over, w.s.Phase)
	require.Empty(t, w.records, "a dry run leaves nothing in the ledger")
	require.Empty(t, w.timers, "and waits for nothing")
	for _, c := range w.commands {
		require.Nil(t, c.Act)
	}
	return w
}

func decisions(w *world) []string {
	var all []string
	for _, p := range w.s.Plan {
		all = append(all, p.Path+" "+p.Decision)
	}
	return all
}

func look(id, onFalse string) Step {
	return Step{ID: id, Kind: Check, Require: holds(id), OnFalse: onFalse}
}

func TestDryRun(t *testing.T) {
	inner := steps(action("in"))
	full := []Step{
		look("ill", End), gateFor("restart"), action("restart", destructive), look("well", ""),
		{ID: "pick", Kind: Switch, Cases: []Case{{When: holds("a"), Steps: []Step{action("one")}}, {Steps: []Step{action("two")}}}},
		{ID: "sub", Kind: Call, Uses: "other", Called: &inner},
		{ID: "rest", Kind: Wait, ForSeconds: 600},
		{ID: "ask", Kind: Manual, Message: "m", TimeoutSeconds: 60},
		point("p"), back("r", "p"),
		{ID: "tell", Kind: Notify, Message: "m"},
	}
	for name, c := range map[string]struct {
		d       Definition
		truth   map[string]any
		looks   map[string]WatchResult
		plan    []string
		refused []string
		outcome Outcome
	}{
		"reads are real until the first write": {
			steps(full...), map[string]any{"a": false}, nil, []string{
				"ill checked", "gate run", "restart run", "well undecided", "pick run", "two run", "sub run", "sub/in run", "rest run", "ask run", "p run", "r run", "tell run",
			}, nil, Succeeded,
		},
		"nothing to do": {steps(full...), nil, map[string]WatchResult{"ill": {}}, []string{"ill stops"}, nil, NotNeeded},
		"a check that does not hold": {
			steps(look("ill", ""), action("a")), nil, map[string]WatchResult{"ill": {}}, []string{"ill stops"}, []string{"ill: ill does not hold"}, Succeeded,
		},
		"a check that cannot be told": {
			steps(look("ill", End)), nil, map[string]WatchResult{"ill": {Fault: "no answer"}}, []string{"ill stops"}, []string{"ill: no answer"}, Succeeded,
		},
		"a guard that does not hold is said, and the plan goes on": {
			guarded(action("a"), action("b")), map[string]any{"g": false}, nil, []string{"a run", "b run"}, []string{"too hot"}, Succeeded,
		},
		"a condition that only the run can tell": {
			steps(action("a", func(s *Step) { s.When = holds("w") }), full[4], action("b")),
			map[string]any{"w": errors.New("no value"), "a": errors.New("no value")},
			nil,
			[]string{"a undecided", "pick undecided", "one undecided", "two undecided", "b run"},
			nil, Succeeded,
		},
		"a step that is left out": {
			steps(action("a", func(s *Step) { s.When = holds("w") })), map[string]any{"w": false}, nil, []string{"a skip"}, nil, Succeeded,
		},
		"a check of what an earlier step would have said": {
			steps(look("ill", ""), Step{ID: "later", Kind: Check, Require: holds("later", "steps.gone.out")}), nil, nil, []string{"ill checked", "later undecided"}, nil, Succeeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := dryRun(t, c.d, c.truth, c.looks)
			require.Equal(t, c.plan, decisions(w))
			require.Equal(t, c.refused, w.s.Refusals)
			require.Equal(t, c.outcome, w.s.Outcome)
		})
	}
}

func TestPlanHash(t *testing.T) {
	base := func() Definition {
		d := restartN()
		d.SHA256 = "file"
		inner := steps(action("in"))
		inner.SHA256 = "inner"
		d.Steps = append(d.Steps, Step{ID: "sub", Kind: Call, Uses: "other", Called: &inner}, action("maybe", func(s *Step) { s.When = holds("w") }))
		return d
	}
	plan := func(change func(*Definition, *world)) Plan {
		d := base()
		w := newWorld(t, d)
		w.truth["n"] = int64(2)
		if change != nil {
			change(&d, w)
			lines := w.p.Lines
			w.p = Lay(d)
			w.p.Lines = lines
		}
		w.s.Run.Dry = true
		return PlanOf(w.p, w.begin().s)
	}
	same := plan(nil)
	require.Len(t, same.SHA256, 64)
	for name, change := range map[string]func(*Definition, *world){
		"the same":     nil,
		"who asks":     func(_ *Definition, w *world) { w.s.Run.Initiator = "bob" },
		"another time": func(_ *Definition, w *world) { w.now = w.now.AddDate(1, 0, 0) },
		"a guard that does not hold": func(d *Definition, w *world) {
			d.Guards = []Guard{{Check: holds("g"), Message: "m"}}
			w.truth["g"] = false
		},
	} {
		require.Equal(t, same.SHA256, plan(change).SHA256, name)
	}
	seen := map[string]string{same.SHA256: "the same"}
	for name, change := range map[string]func(*Definition, *world){
		"another host":      func(_ *Definition, w *world) { w.s.Run.Host = "other" },
		"another project":   func(_ *Definition, w *world) { w.s.Run.Project = "wiki" },
		"another key":       func(_ *Definition, w *world) { w.s.Run.Key = "other" },
		"another input":     func(_ *Definition, w *world) { w.s.Inputs[""] = condition.Values{"n": 3} },
		"another argument":  func(_ *Definition, w *world) { w.truth["n"] = int64(3) },
		"another decision":  func(_ *Definition, w *world) { w.truth["w"] = false },
		"another file":      func(d *Definition, _ *world) { d.SHA256 = "other" },
		"another call":      func(d *Definition, _ *world) { d.Steps[2].Called.SHA256 = "other" },
		"a command":         func(d *Definition, w *world) { runsCommand(d, w, "/bin/a", "b c") },
		"another line":      func(d *Definition, w *world) { runsCommand(d, w, "/bin/a", "b", "c") },
		"another operation": func(d *Definition, _ *world) { d.Steps[1].Uses = "service.scale" },
		"another step":      func(d *Definition, _ *world) { d.Steps = append(d.Steps, action("more")) },
	} {
		sum := plan(change).SHA256
		require.NotContains(t, seen, sum, "%s has the plan of %s", name, seen[sum])
		seen[sum] = name
	}
}

func TestPlanTells(t *testing.T) {
	w := dryRun(t, steps(look("ill", End)), nil, map[string]WatchResult{"ill": {}})
	plan := PlanOf(w.p, w.s)
	require.True(t, plan.NotNeeded)
	require.Equal(t, "fix", plan.Runbook)
	require.Equal(t, "h", plan.Host)
	require.Equal(t, "ill does not hold: there is nothing to do", plan.Steps[0].Note)
}

// A plan says how many must approve, and who may not.
func TestPlanTellsWhoApproves(t *testing.T) {
	for want, change := range map[string]func(*Step){
		"oncall must approve wipe":                            func(*Step) {},
		"2 persons of oncall, ml must approve wipe":           func(s *Step) { s.Gate.Min, s.Groups = 2, []string{"oncall", "ml"} },
		"2 persons of oncall, and not eve, must approve wipe": func(s *Step) { s.Gate.Min, s.Gate.NotInitiator = 2, true },
	} {
		gate := gateFor("wipe")
		change(&gate)
		w := dryRun(t, steps(gate, action("wipe")), nil, nil)
		require.Equal(t, strings.ReplaceAll(want, "eve", w.s.Run.Initiator), PlanOf(w.p, w.s).Steps[0].Note)
		require.NotEmpty(t, w.s.Run.Initiator)
	}
}
