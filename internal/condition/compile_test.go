package condition_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	_ "time/tzdata" // the machine of the test may have no zones

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// names are those that the expressions of the tests may use.
var names = condition.Types{
	"inputs.model": condition.String, "inputs.n": condition.Int, "probes.p95.value": condition.Double,
	"steps.a.outcome": condition.String, "steps.a.n": condition.Int, "steps.a.healthy": condition.Bool, "now": condition.Time,
}

func TestCompile(t *testing.T) {
	for _, c := range []struct {
		text string
		want condition.Type
		uses []string
	}{
		{`inputs.model == "llama3_8b"`, condition.Bool, []string{"inputs.model"}},
		{`inputs.model in ["a", "b"]`, condition.Bool, []string{"inputs.model"}},
		{`inputs.model.startsWith("a") || inputs.model.matches("^b+$")`, condition.Bool, []string{"inputs.model"}},
		{`steps.a.healthy`, condition.Bool, []string{"steps.a.healthy"}},
		{`probes.p95.value < 4 && !steps.a.healthy`, condition.Bool, []string{"probes.p95.value", "steps.a.healthy"}},
		{`inputs.n > 1.5`, condition.Bool, []string{"inputs.n"}},
		{`now > timestamp("2027-01-01T00:00:00Z") + duration("1h")`, condition.Bool, []string{"now"}},
		{`inputs.n == 2 ? "two" : inputs.model + "!"`, condition.String, []string{"inputs.model", "inputs.n"}},
		{`inputs.n + 1`, condition.Int, []string{"inputs.n"}},
		{`inputs.n`, condition.Double, []string{"inputs.n"}},
		{`inputs.model.contains(steps.a.outcome)`, condition.Bool, []string{"inputs.model", "steps.a.outcome"}},
		{`"constant"`, condition.String, nil},
		{"inputs.n > 1 &&\n  inputs.n < 3", condition.Bool, []string{"inputs.n"}},
		{`{"a": inputs.n}["a"] == 1 && size([inputs.n, 2]) == 2`, condition.Bool, []string{"inputs.n"}},
		{strings.TrimSuffix(strings.Repeat("inputs.n > 1 && ", 100), " && "), condition.Bool, []string{"inputs.n"}},
	} {
		e, err := condition.Compile(c.text, names, c.want)
		require.NoError(t, err, c.text)
		require.Equal(t, c.text, e.Text)
		require.Equal(t, c.want, e.Result)
		require.Len(t, e.Uses, len(c.uses), c.text)
		for _, name := range c.uses {
			require.Equal(t, names[name], e.Uses[name], c.text)
		}
		if len(c.uses) == 0 {
			require.Nil(t, e.Uses)
		}
	}
}

func TestCompileFaults(t *testing.T) {
	many := condition.Types{}
	var sum []string
	for i := range 40 {
		name := fmt.Sprintf("x.v%d", i)
		many[name] = condition.Int
		sum = append(sum, name)
	}
	_, err := condition.Compile(strings.Join(sum, "+"), many, condition.Int)
	require.EqualError(t, err, "column 183: uses more than 32 names of type int; split it")

	for text, want := range map[string]string{
		``:                        "is empty; write an expression",
		" \n":                     "is empty; write an expression",
		strings.Repeat("a", 2001): "is longer than 2000 bytes; split it",
		strings.Repeat("(", 60) + "1" + strings.Repeat(")", 60): "is nested more than 40 deep or has more than 1000 parts; split it",
		`inputs.modle == "x"`:                       `column 1: unknown name "inputs.modle"; did you mean "inputs.model"?`,
		`1 > 2 || inputs.modle == "x"`:              `column 10: unknown name "inputs.modle"; did you mean "inputs.model"?`,
		"inputs.n > 1 &&\n x > 1":                   `line 2, column 2: unknown name "x"; valid names are inputs.model, inputs.n, now, probes.p95.value, steps.a.healthy, steps.a.n, steps.a.outcome`,
		`inputs.model.x == 1`:                       `column 1: inputs.model is one string and holds no other names; write inputs.model`,
		`inputs["model"] == "a"`:                    `column 1: "inputs" is no value but holds some; valid names are inputs.model, inputs.n`,
		`inputs.model`:                              `column 1: is of type string; write an expression of type bool`,
		`inputs.n + 1`:                              `column 1: is of type int; write an expression of type bool`,
		`[true]`:                                    `column 1: is not a single value; write an expression of type bool`,
		`inputs.n + "a" == 1`:                       `column 10: + does not go with (int, string); give it values of one type that it knows`,
		`now > 1`:                                   `column 5: > does not go with (time, int); give it values of one type that it knows`,
		`inputs.n ? true : false`:                   `column 10: ?: does not go with (int, bool, bool); write BOOL ? A : B with A and B of one type`,
		`size(1) == 1`:                              `column 5: size does not take (int); give it the type that it knows`,
		`inputs.n = 1`:                              `column 10: = is no operator; write == to compare`,
		`inputs.n > 1 and true`:                     `column 14: and is no operator; write &&, || or !`,
		`inputs.n > (1`:                             `column 14: is not an expression: expected ')'; check operators, quotes and brackets`,
		`inputs.model == "a`:                        `column 17: is not an expression: unterminated string literal; check operators, quotes and brackets`,
		`has(inputs.model)`:                         `column 4: has is not available; use the name, and a missing value fails what needs it`,
		`[1, 2].exists(x, x == 1)`:                  `column 14: exists is not available; there are no lists to go through; write VALUE in [A, B]`,
		`inputs.model.startWith("a")`:               `column 23: there is no function "startWith"; did you mean "startsWith"?`,
		`dyn(1) == 1`:                               `column 4: there is no function "dyn"; valid names are bool, bytes, contains, double, duration, endsWith, getDate, getDayOfMonth and 16 more`,
		`inputs.model.matches("a(")`:                `column 22: "a(" is not a pattern; write a regular expression of Go`,
		`"a".matches(inputs.model)`:                 `column 13: matches takes no computed pattern; write it in quotes`,
		`inputs.model.matches("a{900}")`:            `column 22: the pattern is too large; it may have 500 instructions and has 902`,
		`duration("x") > duration("1s")`:            `column 10: "x" is not a duration; write 90s, 5m or 1h30m`,
		`timestamp("x") > now`:                      `column 11: "x" is not a time; write it as 2027-06-30T09:00:00Z`,
		`[1, "a"][0] == 1`:                          `column 9: mixes types; write values of one type`,
		`google.protobuf.Int64Value{value: 1} == 1`: `column 27: builds a message, which no condition needs; write values and operators`,
		`inputs.n == 9007199254740993`:              `column 13: 9007199254740993 is too large; whole numbers go from -9007199254740992 to 9007199254740992`,
		`1 / 0 == 1`:                                `has no value: division by zero; correct it`,
		`@string0 == ""`:                            `column 1: is not an expression: unexpected character; check operators, quotes and brackets`,
		`inputs.model.contains(inputs.model) && inputs.model.contains(steps.a.outcome)`: "costs too much to evaluate: up to 335550, and the limit is 250000; write fewer or shorter parts",
	} {
		_, err := condition.Compile(text, names, condition.Bool)
		require.EqualError(t, err, want, text)
		var fault *condition.Error
		require.ErrorAs(t, err, &fault)
	}
	_, err = condition.Compile("inputs.x", nil, condition.Bool)
	require.EqualError(t, err, `column 1: unknown name "inputs.x"; there are no names here; write a constant`)
}

// A zone that does not exist is found before a run is, by every member that takes one.
func TestZones(t *testing.T) {
	for _, member := range []string{"FullYear", "Month", "DayOfYear", "Date", "DayOfMonth", "DayOfWeek", "Hours", "Minutes", "Seconds", "Milliseconds"} {
		for _, zone := range []string{"Europe/Vienna", "UTC", "+01:00", "-05:30"} {
			_, err := condition.Compile(`now.get`+member+`("`+zone+`") > 1`, names, condition.Bool)
			require.NoError(t, err, "%s %s", member, zone)
		}
		for _, zone := range []string{"Europe/Viena", "+25:00", "1:99", "Local"} {
			_, err := condition.Compile(`now.get`+member+`("`+zone+`") > 1`, names, condition.Bool)
			require.ErrorContains(t, err, `"`+zone+`" is not a time zone; write a name such as Europe/Vienna, or +01:00`, member)
		}
	}
	_, err := condition.Compile(`now.getHours(inputs.model) > 1`, names, condition.Bool)
	require.NoError(t, err)
}

// The page about the language says each bound as it is.
func TestTheDocsNameTheBounds(t *testing.T) {
	page, err := os.ReadFile("../../docs/runbook-language.md")
	require.NoError(t, err)
	for _, figure := range condition.Bounds {
		require.Contains(t, string(page), fmt.Sprint("| ", figure))
	}
}
