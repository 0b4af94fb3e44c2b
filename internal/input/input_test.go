package input

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// What Go or YAML take for a number is none where a person types it.
func TestNumbersInDigits(t *testing.T) {
	fields := []Field{{Name: "n", Type: condition.Int, Default: 0}, {Name: "f", Type: condition.Double, Default: 0.0}}
	for _, text := range []string{
		"", " 1", "1 ", "1_0", "1_0.5", "0x10", "0x1p4", "0b1", "0o7", "1e3", ".5", "5.", "Infinity", "-inf", "NaN", "1,5", "half", "١", "--1",
	} {
		_, fault := Fill(fields, condition.Values{"n": text})
		require.Equal(t, fmt.Sprintf("n: %q is not a whole number; write digits, such as 10", text), fault)
		_, fault = Fill(fields, condition.Values{"f": text})
		require.Equal(t, fmt.Sprintf("f: %q is not a number; write digits, such as 10 or 0.5", text), fault)
	}
	_, fault := Fill(fields, condition.Values{"f": strings.Repeat("9", 400) + ".5"})
	require.Contains(t, fault, "is not a number")
	filled, fault := Fill(fields, condition.Values{"n": "-12", "f": "-012.50"})
	require.Empty(t, fault)
	require.Equal(t, condition.Values{"n": int64(-12), "f": -12.5}, filled)
}

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
		"pattern, whole":     {with("model", "qwen; rm"), "", nil, `model: "qwen; rm" does not match the pattern [a-z0-9_]+; write one that does`},
		"line break":         {with("model", "qwen\n"), "", nil, `model: "qwen\n" does not match the pattern [a-z0-9_]+; write one that does`},
		"enum":               {with("mode", "slow"), "", nil, `mode: "slow" is not allowed; write one of fast and balanced`},
		"too small":          {with("replicas", 0), "", nil, "replicas: 0 is less than 1; write 1 or more"},
		"too large":          {with("replicas", 9), "", nil, "replicas: 9 is more than 8; write 8 or less"},
		"no whole number":    {with("replicas", 2.5), "", nil, `replicas: "2.5" is not a whole number; write digits, such as 10`},
		"not exact":          {with("replicas", int64(1)<<53+1), "", nil, "replicas: 9007199254740993 is too large; whole numbers go from -9007199254740992 to 9007199254740992"},
		"not exact, as text": {with("replicas", "99999999999999999999"), "", nil, "replicas: 99999999999999999999 is too large; whole numbers go from -9007199254740992 to 9007199254740992"},
		"ratio not exact":    {with("ratio", "-9007199254740993"), "", nil, "ratio: -9007199254740993 is too large; whole numbers go from -9007199254740992 to 9007199254740992"},
		"signs and zeros":    {with("replicas", "+007"), "replicas", int64(7), ""},
		"large from JSON":    {with("ratio", -1e300), "ratio", -1e300, ""},
		"neither":            {with("force", "yes"), "", nil, `force: "yes" is neither true nor false`},
		"a text without end": {with("model", strings.Repeat("a", 4097)), "", nil, "model: has 4097 bytes; a text may have 4096"},
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
