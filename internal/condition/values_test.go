package condition_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// JSON knows one kind of number. What went into a history whole comes out whole, and nothing behind it has to know.
func TestValuesThroughJSON(t *testing.T) {
	in := condition.Values{"n": int64(3), "zero": 0, "big": int64(1 << 53), "share": 0.25, "even": 2.0, "yes": true, "text": "3", "none": nil}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	var out condition.Values
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, condition.Values{
		"n": int64(3), "zero": int64(0), "big": int64(1 << 53), "share": 0.25, "even": int64(2), "yes": true, "text": "3", "none": nil,
	}, out)
	double, err := condition.Convert(out["even"], condition.Double)
	require.NoError(t, err)
	require.InDelta(t, 2.0, double, 0)
	_, err = condition.Convert(out["share"], condition.Int)
	require.EqualError(t, err, "is 0.25; it must be of type int")
	require.Error(t, json.Unmarshal([]byte(`{"n": }`), &out))
	require.NoError(t, json.Unmarshal([]byte(`null`), &out))
	require.Nil(t, out)
	require.InDelta(t, math.Pow(2, 60), condition.Whole(math.Pow(2, 60)), 0, "a number that may not be exact is not made whole")
}

// A value that is shown can be told from any other, and from what stands beside it.
func TestQuoted(t *testing.T) {
	for want, v := range map[string]any{
		"llama3_8b": "llama3_8b", `"a b"`: "a b", `"a  b"`: "a  b", `"a\nb"`: "a\nb", `"a\\nb"`: `a\nb`, `"\""`: `"`, `""`: "", `"a=b"`: "a=b", `"caf\u00e9"`: "caf\u00e9",
		`"cafe\u0301"`: "cafe\u0301", `"\u0430pp"`: "\u0430pp", "app": "app", `"caf\\u00e9"`: `caf\u00e9`, `"\U0001f600"`: "\U0001f600", `"\xff"`: "\xff",
		`"a\u200bb"`: "a\u200bb", "3": float64(3), "1000000.5": 1000000.5, "true": true, "-2": int64(-2),
	} {
		require.Equal(t, want, condition.Quoted(v))
	}
	require.Equal(t, `a="1 b=2" b=3`, condition.Values{"b": 3, "a": "1 b=2"}.Assignments())
	require.Empty(t, condition.Values(nil).Assignments())
}
