package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func TestWatchLook(t *testing.T) {
	const y, n = true, false
	// Each look holds or not; the last one of a row is the one at the deadline where late says so.
	for name, c := range map[string]struct {
		call  WatchCall
		looks []bool
		late  bool
		over  int // which look ends it; 0 when none does
		held  bool
		fault string
	}{
		"a check that holds":              {WatchCall{}, []bool{y}, n, 1, y, ""},
		"a check that does not":           {WatchCall{}, []bool{n}, n, 1, n, ""},
		"a check in a row":                {WatchCall{Times: 3}, []bool{y, y, y}, n, 3, y, ""},
		"a check that is not through":     {WatchCall{Times: 3}, []bool{y, y}, n, 0, n, ""},
		"a check that breaks":             {WatchCall{Times: 3}, []bool{y, n}, n, 2, n, ""},
		"a check without time":            {WatchCall{Times: 3}, []bool{y, y}, y, 2, n, "it held at 2 looks in a row of 3 when the time was over"},
		"a check whose last look is late": {WatchCall{Times: 2}, []bool{y, y}, y, 2, y, ""},
		"a wait":                          {WatchCall{Until: y}, []bool{n, n, y}, n, 3, y, ""},
		"a wait that goes on":             {WatchCall{Until: y}, []bool{n, n}, n, 0, n, ""},
		"a wait without time":             {WatchCall{Until: y}, []bool{n, n}, y, 2, n, ""},
		"a wait that holds late":          {WatchCall{Until: y}, []bool{n, y}, y, 2, y, ""},
		"a wait has no row":               {WatchCall{Until: y, Times: 3}, []bool{y}, n, 1, y, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, ended := NewWatch(c.call), 0
			for i, held := range c.looks {
				got, over := w.Look(WatchResult{Held: held}, c.late && i == len(c.looks)-1)
				require.Equal(t, i+1, got.Looks)
				if over {
					ended = i + 1
					require.Equal(t, c.held, got.Held)
					require.Equal(t, c.fault, got.Fault)
					break
				}
			}
			require.Equal(t, c.over, ended)
		})
	}
	require.Equal(t, time.Second, NewWatch(WatchCall{}).Every())
	require.Equal(t, 5*time.Second, NewWatch(WatchCall{EverySeconds: 5}).Every())
}

func TestJudge(t *testing.T) {
	e, err := condition.Compile("probes.p95.value < inputs.most && result.healthy", condition.Types{
		"probes.p95.value": condition.Double, "inputs.most": condition.Double, "result.healthy": condition.Bool,
	}, condition.Bool)
	require.NoError(t, err)
	call := WatchCall{
		Scope: "call/", Uses: "product.model_health", Condition: e, Reads: []ReadCall{{Key: "call/p95"}}, Names: condition.Values{"inputs.most": 4.5},
	}
	read := map[string]Reading{"call/p95": {Values: condition.Values{"value": 1.0}}}
	well := condition.Values{"healthy": true}
	for name, c := range map[string]struct {
		seen  Seen
		held  bool
		fault string
	}{
		"it holds":        {Seen{Readings: read, Outputs: well}, true, ""},
		"it does not":     {Seen{Readings: read, Outputs: condition.Values{"healthy": false}}, false, ""},
		"a probe's fault": {Seen{Readings: map[string]Reading{"call/p95": {Fault: "no sample"}}, Outputs: well}, false, "p95: no sample"},
		"a use's fault":   {Seen{Readings: read, Fault: "no answer"}, false, "product.model_health: no answer"},
		"both faults":     {Seen{Readings: map[string]Reading{"call/p95": {Fault: "no sample"}}, Fault: "no answer"}, false, "p95: no sample; product.model_health: no answer"},
		"nothing":         {Seen{}, false, "probes.p95.value"},
	} {
		t.Run(name, func(t *testing.T) {
			got := call.Judge(c.seen, time.Now())
			require.Equal(t, c.held, got.Held)
			require.Equal(t, c.seen.Readings, got.Readings)
			require.Equal(t, c.seen.Outputs, got.Outputs)
			if c.fault == "" {
				require.Empty(t, got.Fault)
			}
			require.Contains(t, got.Fault, c.fault)
			require.Len(t, call.Names, 1, "what the call holds stays as it was")
		})
	}
}
