package condition_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Text that is made of a value is as long as the value lets it be, so it can be joined with other text.
func TestTextOfValues(t *testing.T) {
	for _, text := range []string{
		`inputs.model + string(inputs.n)`, `inputs.model + string(steps.a.healthy)`, `inputs.model + string(probes.p95.value)`,
		`inputs.model + string(now)`, `inputs.model + string(now - now)`, `inputs.model + string(uint(inputs.n))`,
		`string(inputs.model) + "!"`, `string(bytes(inputs.model)) + "!"`, `string(int(inputs.model)) + inputs.model`,
		`"a" + string(inputs.n) + "/" + string(inputs.n)`, `[string(inputs.n), "a"][0] + "!"`, `{"a": string(inputs.n)}["a"] + "!"`,
		`(inputs.n > 1 ? string(inputs.n) : string(now)) + "!"`, `string(string(inputs.n)) + "!"`,
	} {
		_, err := condition.Compile(text, names, condition.String)
		require.NoError(t, err, text)
	}
	_, err := condition.Compile(`string(inputs.model).contains(inputs.model) && inputs.model.contains(string(inputs.model))`, names, condition.Bool)
	require.ErrorContains(t, err, "costs too much to evaluate: up to 335", "a text is as long as it was")
}

// No value is written longer than the estimate says.
func TestTextIsAsShortAsEstimated(t *testing.T) {
	types := condition.Types{"n": condition.Int, "d": condition.Double, "b": condition.Bool, "t": condition.Time}
	for _, c := range []struct {
		text, overload string
		value          any
	}{
		{`string(b)`, "bool_to_string", false},
		{`string(n - 9007199254740992 * 1023)`, "int64_to_string", -1 << 53},
		{`string(uint(n) * 2048u)`, "uint64_to_string", int64(1<<53) - 1},
		{`string(d)`, "double_to_string", -math.MaxFloat64},
		{`string(d)`, "double_to_string", -2.2250738585072014e-308},
		{`string(d)`, "double_to_string", -1234567.0000000012},
		{`string(t)`, "timestamp_to_string", "2027-06-30T09:00:00.123456789+05:30"},
		{`string(t - timestamp("2262-04-11T23:47:16.854775807Z"))`, "duration_to_string", "1970-01-01T00:00:00Z"},
		{`string(t - timestamp("1970-01-15T06:56:07.000000001Z"))`, "duration_to_string", "1970-01-01T00:00:00Z"},
		{`string(t - timestamp("1970-01-01T00:00:00.000000001Z"))`, "duration_to_string", "1970-01-01T00:00:00Z"},
	} {
		values := condition.Values{"n": c.value, "d": c.value, "b": c.value, "t": c.value}
		uses := condition.Types{}
		for name, as := range types {
			if _, err := condition.Convert(c.value, as); err == nil {
				uses[name] = as
			}
		}
		e, err := condition.Compile(c.text, uses, condition.String)
		require.NoError(t, err, c.text)
		got, err := e.Evaluate(values, time.Time{})
		require.NoError(t, err, c.text)
		require.LessOrEqual(t, uint64(len(got.(string))), condition.Longest[c.overload], "%s is %s", c.text, got)
	}
}
