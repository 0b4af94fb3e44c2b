package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Whoever is asked is told what the probes saw, and when.
func TestWhatPeopleSee(t *testing.T) {
	d := steps(Step{ID: "ask", Kind: GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 900, Gate: &Gate{Min: 1}})
	d.Probes = []Probe{{Name: "free"}, {Name: "never"}, {Name: "stats"}, {Name: "up"}}
	w := newWorld(t, d)
	w.s.Readings = map[string]Reading{
		"up":    {At: startOfTime, Fault: "no answer"},
		"free":  {At: startOfTime, Values: condition.Values{"value": 0.2}},
		"stats": {At: startOfTime, Values: condition.Values{"mode": "fast", "active": true}},
		"gone":  {At: startOfTime, Values: condition.Values{"value": 1}},
	}
	w.begin()
	require.Equal(t, []request.Reading{
		{Name: "free", Value: 0.2, At: startOfTime},
		{Name: "stats.active", Value: true, At: startOfTime},
		{Name: "stats.mode", Value: "fast", At: startOfTime},
		{Name: "up", At: startOfTime, Fault: "no answer"},
	}, w.told[0].Readings)
}
