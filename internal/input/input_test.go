package input

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func TestFill(t *testing.T) {
	low, high := 1.0, 8.0
	inputs := []Field{
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
		"not exact":          {with("replicas", int64(1)<<53+1), "", nil, "replicas: 9007199254740993 is too large; whole numbers go from -9007199254740992 to 9007199254740992"},
		"no number":          {with("ratio", "half"), "", nil, `ratio: "half" is not a number`},
		"not finite":         {with("ratio", "NaN"), "", nil, `ratio: "NaN" is not a number`},
		"neither":            {with("force", "yes"), "", nil, `force: "yes" is neither true nor false`},
		"a text without end": {with("model", strings.Repeat("a", 4097)), "", nil, "model: is longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, fault := Fill(inputs, c.given)
			require.Equal(t, c.fault, fault)
			if fault == "" {
				require.Len(t, got, len(inputs))
				require.Equal(t, c.want, got[c.name])
			}
		})
	}
}
