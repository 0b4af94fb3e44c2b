package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// guarded has a guard on a probe around steps.
func guarded(of ...Step) Definition {
	d := steps(of...)
	d.Probes = []Probe{{Name: "p", Uses: "prometheus.query", Unit: "s", MaxAgeSeconds: 30}}
	d.Guards = []Guard{{Check: holds("g", "probes.p.value"), Message: "too hot"}}
	return d
}

func (w *world) guards() int {
	n := 0
	for _, c := range w.commands {
		for _, i := range c.Evaluate {
			if i.Key == "guard/0" {
				n++
			}
		}
	}
	return n
}

func TestGuardStopsTheBeginning(t *testing.T) {
	for name, c := range map[string]struct {
		truth  map[string]any
		reason string
	}{
		"does not hold":  {map[string]any{"g": false}, "too hot"},
		"cannot be told": {map[string]any{"p": "broken"}, "a guard cannot be told: probes.p.value has no value (p: no answer); too hot"},
	} {
		t.Run(name, func(t *testing.T) {
			d := guarded(action("a"))
			d.OnFailure = []Step{action("tidy")}
			w := newWorld(t, d)
			w.truth = c.truth
			w.begin()
			w.ends(Refused)
			require.Equal(t, c.reason, w.s.Reason)
			require.Empty(t, w.done, "nothing was touched, and nothing is")
			require.Len(t, w.kept("guard.failed"), 1)
		})
	}
}

// Guards and probes are read again after a gate and after a wait of more than a minute, and only then.
func TestGuardsAreLookedAtAgain(t *testing.T) {
	rest := func(s int) Step { return Step{ID: "rest", Kind: Wait, ForSeconds: s} }
	until := Step{ID: "until", Kind: Wait, Until: holds("u"), EverySeconds: 15, TimeoutSeconds: 600}
	ask := Step{ID: "ask", Kind: Manual, Groups: []string{"oncall"}, TimeoutSeconds: 600, Message: "m"}
	for name, c := range map[string]struct {
		between []Step
		do      func(*world)
		looks   int
	}{
		"between two steps": {nil, func(*world) {}, 1},
		"a short rest":      {[]Step{rest(60)}, func(w *world) { w.pass(time.Minute) }, 1},
		"a long rest":       {[]Step{rest(61)}, func(w *world) { w.pass(61 * time.Second) }, 2},
		"a rest that was longer than it should have been": {[]Step{rest(20)}, func(w *world) {
			w.now = w.now.Add(3 * time.Hour)
			w.pass(0)
		}, 2},
		"a long rest, skipped":  {[]Step{rest(600)}, func(w *world) { w.pass(5 * time.Minute); w.orders(SkipStep) }, 2},
		"a wait that held soon": {[]Step{until}, func(w *world) { w.held = false; w.land() }, 1},
		"a wait that held late": {[]Step{until}, func(w *world) { w.now = w.now.Add(2 * time.Minute); w.land() }, 2},
		"a gate":                {[]Step{gateFor("b")}, func(w *world) { w.says(true, "bob", "oncall") }, 2},
		"a quick answer":        {[]Step{ask}, func(w *world) { w.says(true, "bob", "oncall") }, 1},
		"a slow answer":         {[]Step{ask}, func(w *world) { w.pass(2 * time.Minute); w.says(true, "bob", "oncall") }, 2},
		"a short pause":         {nil, func(w *world) { w.orders(Resume) }, 1},
		"a long pause":          {nil, func(w *world) { w.pass(2 * time.Minute); w.orders(Resume) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, guarded(append(append([]Step{action("a")}, c.between...), action("b"))...))
			if len(c.between) == 0 && name != "between two steps" {
				w.held = true
				w.begin()
				w.orders(Pause)
				w.land()
			} else if len(c.between) > 0 && c.between[0].ID == "until" {
				w.begin0("a")
			} else {
				w.begin()
			}
			c.do(w)
			w.ends(Succeeded)
			require.Equal(t, c.looks, w.guards())
			require.Len(t, w.reads, c.looks, "a guard is looked at with a fresh reading")
		})
	}
}

// Whoever leaves a step out, or says that it was done, does so in a world that has moved on.
func TestGuardsAreLookedAtAfterAnOrder(t *testing.T) {
	for verb, c := range map[string]struct {
		outcome Outcome
		reason  string
	}{MarkDone: {RunFailed, "too hot; done, and not taken back: a"}, RetryVrb: {RollbackIncomplete, "too hot"}} {
		w := newWorld(t, guarded(action("a", once), action("b")))
		w.acts["a"] = []ActResult{{Outcome: Unclear, Message: "lost"}}
		w.begin()
		w.truth["g"] = false
		w.orders(verb)
		require.Equal(t, []string{"a"}, w.done, verb)
		w.ends(c.outcome)
		require.Equal(t, c.reason, w.s.Reason)
	}
}

func TestGuardThatFailsLater(t *testing.T) {
	w := newWorld(t, guarded(action("a", undoable), gateFor("b"), action("b"))).begin()
	w.truth["g"] = false
	w.says(true, "bob", "oncall")
	w.ends(RolledBack)
	require.Equal(t, []string{"a", "undo/a"}, w.done)
	require.Equal(t, "too hot", w.s.Steps["b"].Message)

	w = newWorld(t, guarded(gateFor("b"), action("b"))).begin()
	w.truth["g"] = false
	w.says(true, "bob", "oncall")
	w.ends(Refused)
}

func TestGuardsAreNotLookedAtOnTheWayDown(t *testing.T) {
	d := guarded(action("broken"))
	d.OnFailure = []Step{{ID: "rest", Kind: Wait, ForSeconds: 600}, action("tidy")}
	w := newWorld(t, d)
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "broken"}}
	w.begin()
	w.truth["g"] = false
	w.pass(10 * time.Minute)
	w.ends(RunFailed)
	require.Equal(t, []string{"broken", "tidy"}, w.done)
}

func TestGuardOfACalledRunbook(t *testing.T) {
	inner := guarded(action("in"))
	inner.Guards[0].Check = holds("inner", "probes.p.value")
	call := Step{ID: "sub", Kind: Call, Uses: "other", Called: &inner}
	w := newWorld(t, guarded(action("a"), call, action("b"))).begin()
	w.ends(Succeeded)
	require.Equal(t, []string{"a", "sub/in", "b"}, w.done)
	require.Equal(t, []string{"p", "sub/p"}, w.reads)

	w = newWorld(t, guarded(action("a"), call, action("b")))
	w.truth["inner"] = false
	w.begin()
	w.ends(RunFailed)
	require.Equal(t, []string{"a"}, w.done)
}

func TestReadings(t *testing.T) {
	hot := func(id string) Step { return action(id, func(s *Step) { s.When = holds("hot", "probes.p.value") }) }
	for name, c := range map[string]struct {
		rest  int
		reads int
	}{"still fresh": {30, 1}, "too old": {31, 2}} {
		t.Run(name, func(t *testing.T) {
			d := guarded(hot("a"), Step{ID: "rest", Kind: Wait, ForSeconds: c.rest}, hot("b"))
			d.Guards = nil
			w := newWorld(t, d).begin()
			w.pass(time.Minute)
			w.ends(Succeeded)
			require.Len(t, w.reads, c.reads)
		})
	}
	t.Run("what needs a probe that cannot be read fails", func(t *testing.T) {
		d := guarded(hot("a"))
		d.Guards = nil
		w := newWorld(t, d)
		w.truth["p"] = "broken"
		w.begin()
		w.ends(RunFailed)
		require.Equal(t, "a: when: probes.p.value has no value (p: no answer)", w.s.Reason)
	})
}
