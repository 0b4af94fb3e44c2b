package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSuppress(t *testing.T) {
	now := startOfTime
	ago := func(minutes ...int) (past []time.Time) {
		for _, m := range minutes {
			past = append(past, now.Add(-time.Duration(m)*time.Minute))
		}
		return past
	}
	both := Triggers{CooldownSeconds: 900, Breaker: Breaker{MaxRuns: 3, WindowSeconds: 6 * 3600}}
	for name, c := range map[string]struct {
		t      Triggers
		past   []time.Time
		want   string
		broken bool
	}{
		"never ran":           {both, nil, "", false},
		"just ran":            {both, ago(14), "cooldown: the last run acted at 2026-01-05T02:46:00Z, and 15m0s must pass", false},
		"cooled down":         {both, ago(15), "", false},
		"in any order":        {both, ago(200, 5, 100), "breaker: 3 runs within 6h0m0s already", true},
		"two in the window":   {both, ago(30, 100, 360), "", false},
		"three in the window": {both, ago(30, 100, 359), "breaker: 3 runs within 6h0m0s already", true},
		"no bounds":           {Triggers{}, ago(0, 1, 2, 3), "", false},
		"only a breaker":      {Triggers{Breaker: both.Breaker}, ago(1), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, Suppression{c.want, c.broken}, Suppress(c.t, c.past, now))
		})
	}
	require.Equal(t, 6*time.Hour, both.Remembered())
	require.Equal(t, 15*time.Minute, Triggers{CooldownSeconds: 900}.Remembered())
}
