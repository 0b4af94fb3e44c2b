package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The end of an approval goes with the call that uses it up; a call that needed none has none.
func TestCallCarriesTheEndOfItsApproval(t *testing.T) {
	w := newWorld(t, steps(action("open"), gateFor("restart"), action("restart", destructive)))
	w.begin()
	approved := w.now
	w.says(true, "bob", "oncall")
	until := map[string]time.Time{}
	for _, c := range w.commands {
		if c.Act != nil {
			until[c.Act.Path] = c.Act.Until
		}
	}
	gate := w.p.Nodes[w.p.Find("gate")].Step
	require.Equal(t, map[string]time.Time{"open": {}, "restart": approved.Add(Duration(gate.TimeoutSeconds))}, until)
	w.ends(Succeeded)
}

// A step that must not be done twice is in the ledger before it is done: by the run, or by the worker that does it.
func TestWhoSaysThatAStepBegins(t *testing.T) {
	for name, c := range map[string]struct {
		step Step
		want bool
	}{
		"may be done twice":          {Step{Uses: "command.run", Risk: Write, Idempotent: true}, false},
		"must not be done twice":     {Step{Uses: "command.run", Risk: Write}, true},
		"destructive":                {Step{Uses: "command.run", Risk: Destructive}, false}, // the worker
		"destructive, as it is said": {Step{Uses: "product.cache_warm", Risk: Destructive, Idempotent: true}, false},
		"destructive, by a run":      {Step{Uses: "service.restart", Risk: Destructive}, true},
		"a scale":                    {Step{Uses: "service.scale", Risk: Write, Idempotent: true}, false},
		"a scale called destructive": {Step{Uses: "service.scale", Risk: Destructive, Idempotent: true}, true},
	} {
		require.Equal(t, c.want, begins(c.step), name)
	}
}

func TestRisksRise(t *testing.T) {
	rising := []Risk{"", Read, Write, Destructive}
	for i, a := range rising {
		for j, b := range rising {
			require.Equal(t, i < j, a.Below(b), "%q below %q", a, b)
		}
	}
}

// An approval is for one attempt, whatever a destructive step says of itself.
func TestOnce(t *testing.T) {
	require.False(t, ActCall{Risk: Write, Idempotent: true}.Once())
	require.True(t, ActCall{Risk: Write}.Once())
	require.True(t, ActCall{Risk: Destructive, Idempotent: true}.Once())
}
