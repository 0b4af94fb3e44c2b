package condition_test

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

var noon = time.Date(2027, 6, 30, 12, 0, 0, 0, time.UTC)

func compile(t *testing.T, text string, want condition.Type) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, names, want)
	require.NoError(t, err, text)
	return e
}

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		text   string
		values condition.Values
		want   any
	}{
		{`inputs.model == "a"`, condition.Values{"inputs.model": "a", "inputs.other": 1}, true},
		{`inputs.n + 1`, condition.Values{"inputs.n": 3}, int64(4)},
		{`inputs.n * 2.0`, nil, nil}, // refused when it is compiled
		{`probes.p95.value`, condition.Values{"probes.p95.value": 4}, 4.0},
		{`probes.p95.value < 4.5`, condition.Values{"probes.p95.value": 4}, true},
		{`now > timestamp("2027-06-30T11:59:59Z")`, nil, true},
		{`now`, nil, "2027-06-30T12:00:00Z"},
		{`now.getHours()`, nil, int64(12)},
		{`inputs.model + "é"`, condition.Values{"inputs.model": "a"}, "aé"},
		// What && and || do not need may be missing.
		{`steps.a.outcome == "ok" && steps.a.n > 3`, condition.Values{"steps.a.outcome": "failed"}, false},
		{`steps.a.n > 3 && steps.a.outcome == "ok"`, condition.Values{"steps.a.outcome": "failed"}, false},
		{`steps.a.n > 3 || steps.a.outcome == "ok"`, condition.Values{"steps.a.outcome": "ok"}, true},
		{`steps.a.outcome == "ok" ? steps.a.n > 3 : false`, condition.Values{"steps.a.outcome": "failed"}, false},
	} {
		var want condition.Type
		switch c.want.(type) {
		case nil:
			_, err := condition.Compile(c.text, names, condition.Double)
			require.Error(t, err)
			continue
		case bool:
			want = condition.Bool
		case int64:
			want = condition.Int
		case float64:
			want = condition.Double
		case string:
			want = condition.String
			if c.text == "now" {
				want = condition.Time
			}
		}
		e := compile(t, c.text, want)
		// A run keeps expressions in its history.
		data, err := json.Marshal(e)
		require.NoError(t, err)
		var kept condition.Expression
		require.NoError(t, json.Unmarshal(data, &kept))
		got, err := kept.Evaluate(c.values, noon)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	got, err := compile(t, `inputs.n`, condition.Double).Evaluate(condition.Values{"inputs.n": 3}, noon)
	require.NoError(t, err)
	require.Equal(t, 3.0, got, "a whole number where a double is wanted becomes one")
}

func TestMissing(t *testing.T) {
	for text, values := range map[string]condition.Values{
		`steps.a.n > 3`:                                  {},
		`steps.a.n + 1 > 3 || false`:                     {"steps.a.n": nil},
		`steps.a.outcome == "ok" && steps.a.n > 3`:       {"steps.a.outcome": "ok"},
		`steps.a.outcome == "failed" || steps.a.n > 3`:   {"steps.a.outcome": "ok"},
		`steps.a.outcome == "ok" ? steps.a.n > 3 : true`: {"steps.a.outcome": "ok"},
	} {
		_, err := compile(t, text, condition.Bool).Evaluate(values, noon)
		var missing *condition.MissingError
		require.ErrorAs(t, err, &missing, text)
		require.Equal(t, "steps.a.n", missing.Name)
		require.EqualError(t, err, "steps.a.n has no value")
	}
}

func TestEvaluateFaults(t *testing.T) {
	for _, c := range []struct {
		text   string
		as     condition.Type
		values condition.Values
		want   string
	}{
		{`inputs.n > 1`, condition.Bool, condition.Values{"inputs.n": 1.5}, "inputs.n is 1.5; it must be of type int"},
		{`inputs.n > 1`, condition.Bool, condition.Values{"inputs.n": float64(1 << 60)}, "inputs.n is 1.152921504606847e+18; it must be of type int"},
		{`inputs.n > 1`, condition.Bool, condition.Values{"inputs.n": "1"}, `inputs.n is "1"; it must be of type int`},
		{`inputs.n > 1 || true`, condition.Bool, condition.Values{"inputs.n": true}, `inputs.n is true; it must be of type int`},
		{`probes.p95.value > 1.0`, condition.Bool, condition.Values{"probes.p95.value": math.NaN()}, `probes.p95.value is NaN; it must be of type double`},
		{`probes.p95.value > 1.0`, condition.Bool, condition.Values{"probes.p95.value": int64(1<<53 + 1)}, `probes.p95.value is too large; whole numbers go from -9007199254740992 to 9007199254740992`},
		{`inputs.model == ""`, condition.Bool, condition.Values{"inputs.model": 1}, `inputs.model is 1; it must be of type string`},
		{`inputs.model == ""`, condition.Bool, condition.Values{"inputs.model": strings.Repeat("x", 4097)}, `inputs.model has 4097 bytes; a text may have 4096`},
		{`inputs.model + inputs.model`, condition.String, condition.Values{"inputs.model": strings.Repeat("x", 4000)}, `has 8000 bytes; a text may have 4096`},
		{`1 / inputs.n`, condition.Int, condition.Values{"inputs.n": 0}, `division by zero`},
		{`inputs.n * inputs.n`, condition.Int, condition.Values{"inputs.n": int64(1 << 53)}, `integer overflow`},
		{`inputs.n + 1`, condition.Int, condition.Values{"inputs.n": int64(1 << 53)}, `the result is too large; whole numbers go from -9007199254740992 to 9007199254740992`},
		{`inputs.n + 1`, condition.Double, condition.Values{"inputs.n": int64(1 << 53)}, `the result is too large; whole numbers go from -9007199254740992 to 9007199254740992`},
		{`inputs.n > 1`, condition.Bool, condition.Values{"inputs.n": int64(-1<<53 - 1)}, `inputs.n is too large; whole numbers go from -9007199254740992 to 9007199254740992`},
		{`1.0 / probes.p95.value`, condition.Double, condition.Values{"probes.p95.value": 0}, `the result is not a finite number`},
		{`timestamp(inputs.model) > now`, condition.Bool, condition.Values{"inputs.model": "2026-11-27"}, `invalid RFC 3339 timestamp "2026-11-27"`},
		{
			`timestamp(inputs.model) > now`, condition.Bool,
			condition.Values{"inputs.model": strings.Repeat("x", 4096)},
			`invalid RFC 3339 timestamp "` + strings.Repeat("x", 272) + "…",
		},
		{`now.getHours(inputs.model) == 1`, condition.Bool, condition.Values{"inputs.model": "\x1b[2J"}, `unknown time zone \x1b[2J`},
		{`{"a": 1}[inputs.model]`, condition.Int, condition.Values{"inputs.model": "b"}, `no such key: b`},
	} {
		_, err := compile(t, c.text, c.as).Evaluate(c.values, noon)
		require.EqualError(t, err, c.want, c.text)
	}
	_, err := condition.Expression{Text: "inputs.x", Result: condition.Bool}.Evaluate(nil, noon)
	require.EqualError(t, err, `column 1: unknown name "inputs.x"; there are no names here; write a constant`)
}

func TestConstant(t *testing.T) {
	for text, want := range map[string]any{
		`true`: true, `1 > 2`: false, `false && inputs.n > 1`: false, `inputs.n > 1 || true`: true, `now == now || true`: true,
		`inputs.n > 1`: nil, `now > timestamp("2027-01-01T00:00:00Z")`: nil, `inputs.n > 1 || inputs.n <= 1`: nil,
	} {
		got, constant := compile(t, text, condition.Bool).Constant()
		require.Equal(t, want != nil, constant, text)
		require.Equal(t, want, got, text)
	}
}

// A worker evaluates in many goroutines, more expressions than are kept.
func TestConcurrent(t *testing.T) {
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 300 {
				e := condition.Expression{Text: "inputs.n > " + strings.Repeat("1", 1+i%9) + " + " + string(rune('0'+g)), Result: condition.Bool, Uses: condition.Types{"inputs.n": condition.Int}}
				got, err := e.Evaluate(condition.Values{"inputs.n": int64(1) << 40}, noon)
				if err != nil || got != true {
					t.Errorf("%s: %v %v", e.Text, got, err)
				}
			}
		})
	}
	wait.Wait()
}
