package runbook

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func TestFillInputs(t *testing.T) {
	low, high := 1.0, 8.0
	inputs := []Input{
		{Name: "model", Type: condition.String, Pattern: "[a-z0-9_]+"},
		{Name: "mode", Type: condition.String, Enum: []string{"fast", "balanced"}, Default: "fast"},
		{Name: "replicas", Type: condition.Int, Min: &low, Max: &high, Default: 2},
		{Name: "ratio", Type: condition.Double, Max: &high, Default: 0.5},
		{Name: "force", Type: condition.Bool, Default: false},
	}
	with := func(name string, v any) condition.Values {
		given := condition.Values{"model": "qwen"}
		given[name] = v
		return given
	}
	for name, c := range map[string]struct {
		given condition.Values
		name  string
		want  any
		fault string
	}{
		"text":               {with("model", "qwen_32b"), "model", "qwen_32b", ""},
		"default":            {with("model", "qwen"), "mode", "fast", ""},
		"default number":     {with("model", "qwen"), "replicas", int64(2), ""},
		"number as text":     {with("replicas", "8"), "replicas", int64(8), ""},
		"number from JSON":   {with("replicas", 8.0), "replicas", int64(8), ""},
		"ratio":              {with("ratio", "0.25"), "ratio", 0.25, ""},
		"whole ratio":        {with("ratio", 1), "ratio", 1.0, ""},
		"bool as text":       {with("force", "true"), "force", true, ""},
		"missing":            {condition.Values{}, "", nil, "model is missing; give model=string"},
		"unknown, near":      {with("replica", 1), "", nil, "there is no replica; did you mean replicas?"},
		"unknown, far":       {with("zzz", 1), "", nil, "there is no zzz; there are model, mode, replicas, ratio, force"},
		"pattern, whole":     {with("model", "qwen; rm"), "", nil, `model: "qwen; rm" does not match [a-z0-9_]+`},
		"line break":         {with("model", "qwen\n"), "", nil, `model: "qwen\n" does not match [a-z0-9_]+`},
		"enum":               {with("mode", "slow"), "", nil, `mode: "slow" is none of fast, balanced`},
		"too small":          {with("replicas", 0), "", nil, "replicas: 0 is less than 1"},
		"too large":          {with("replicas", 9), "", nil, "replicas: 9 is more than 8"},
		"no whole number":    {with("replicas", 2.5), "", nil, `replicas: "2.5" is not a whole number`},
		"no number":          {with("ratio", "half"), "", nil, `ratio: "half" is not a number`},
		"not finite":         {with("ratio", "NaN"), "", nil, `ratio: "NaN" is not a number`},
		"neither":            {with("force", "yes"), "", nil, `force: "yes" is neither true nor false`},
		"a text without end": {with("model", strings.Repeat("a", 4097)), "", nil, "model: is longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, fault := FillInputs(inputs, c.given)
			require.Equal(t, c.fault, fault)
			if fault == "" {
				require.Len(t, got, len(inputs))
				require.Equal(t, c.want, got[c.name])
			}
		})
	}
}

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

func TestOperations(t *testing.T) {
	all := Operations()
	for i, o := range all {
		found, ok := FindOperation(o.Name)
		require.True(t, ok)
		require.Equal(t, o, found)
		require.NotEmpty(t, o.Summary)
		require.Contains(t, []Risk{Read, Write, Destructive}, o.Risk)
		require.True(t, o.Risk != Read || o.Idempotent, "%s: a read that cannot be repeated", o.Name)
		if i > 0 {
			require.Less(t, all[i-1].Name, o.Name)
		}
	}
	_, ok := FindOperation("product.nothing")
	require.False(t, ok)
}
