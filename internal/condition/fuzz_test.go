package condition_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

var seeds = []string{
	`inputs.model == "a" && inputs.n > 3`, `probes.p95.value < 4.5 || !steps.a.healthy`, `inputs.model.matches("^(a|b)*$")`,
	`now - duration("1h") > timestamp("2027-01-01T00:00:00Z")`, `[1, 2, 3][inputs.n] == 2`, `{"a": {"b": 1}}["a"]["b"] == inputs.n`,
	`inputs.n / 0 == 1`, `-9223372036854775808 < 0`, `inputs.model + inputs.model == "x" ? true : false`, `"\u00e9\n\x41" == r"\d"`,
	`b"abc" == bytes("abc")`, `1u + 2u == 3u`, `size("é") == 1`, `a.b.c(1)[2]{}`, "true // comment", "((((((((((((1))))))))))))", "\"unterminated",
	`string(inputs.n).contains("1") && int("12") == 12 && double("1e400") > 1.0`, `inputs.model in {"a": true}`,
}

// slow is far beyond what the bound on cost allows, even on a machine under load.
const slow = 20 * time.Second

// Whatever the text, it is refused with one line or is an expression that ends.
func FuzzCompile(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	// The library's first parser, which is slow, must agree about what an expression says.
	other, err := cel.NewEnv(cel.ClearMacros())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		for _, want := range []condition.Type{condition.Bool, condition.Double, condition.String} {
			e, err := condition.Compile(text, names, want)
			if err != nil {
				var fault *condition.Error
				require.ErrorAs(t, err, &fault)
				require.NotContains(t, err.Error(), "\n")
				require.Contains(t, err.Error(), "; ", "says what would be right")
				continue
			}
			for name, of := range e.Uses {
				require.Equal(t, names[name], of)
			}
			if parsed, issues := other.Parse(text); issues.Err() == nil {
				first, err := cel.AstToString(parsed)
				require.NoError(t, err)
				require.Equal(t, first, condition.Unparse(t, text), "the parsers differ")
			}
			again, err := condition.Compile(e.Text, e.Uses, want)
			require.NoError(t, err, "its own names are enough")
			require.Equal(t, e, again)
		}
		require.Less(t, time.Since(began), slow)
	})
}

// Whatever the values, an expression gives a value of its type or an error of one line.
func FuzzEvaluate(f *testing.F) {
	for i, s := range seeds {
		f.Add(s, strings.Repeat("a", i), int64(i), float64(i)/3, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, text, model string, n int64, p95 float64, healthy bool) {
		all := condition.Values{"inputs.model": model, "inputs.n": n, "probes.p95.value": p95, "steps.a.healthy": healthy}
		for _, want := range []condition.Type{condition.Bool, condition.Int, condition.Double, condition.String} {
			e, err := condition.Compile(text, names, want)
			if err != nil {
				continue
			}
			constant, isConstant := e.Constant()
			for _, values := range []condition.Values{all, nil, {"inputs.n": n}} {
				began := time.Now()
				got, err := e.Evaluate(values, noon)
				require.Less(t, time.Since(began), slow)
				if err != nil {
					require.NotContains(t, err.Error(), "\n")
					continue
				}
				if isConstant {
					require.Equal(t, constant, got)
				}
				_, err = condition.Convert(got, want)
				require.NoError(t, err)
			}
		}
	})
}

// Whatever the text, it is refused with one line or renders to a bounded text.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{
		`{{ .inputs.model }} {{ printf "%.2f%%" .probes.p95.value }}`, `{{ if .steps.a.healthy }}a{{ else if .inputs.n }}b{{ else }}c{{ end }}`,
		`{{- "x" -}}`, `{{/* a */}}`, `{{ define "x" }}{{ end }}`, `{{ printf "%[1]*d" .inputs.n }}`, `{{ range . }}{{ break }}{{ end }}`, `{{ "\x00" }}`,
	} {
		f.Add(s, "text")
	}
	f.Fuzz(func(t *testing.T, text, model string) {
		uses, err := condition.CompileTemplate(text, names)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.Contains(t, err.Error(), "; ")
			return
		}
		out, err := condition.RenderTemplate(text, uses, condition.Values{"inputs.model": model, "inputs.n": 7, "probes.p95.value": 0.5, "steps.a.healthy": true, "steps.a.n": 1, "steps.a.outcome": "ok", "now": noon})
		if err != nil {
			require.NotErrorAs(t, err, new(*condition.MissingError), "all have values")
			return
		}
		require.LessOrEqual(t, len(out), 4000)
		require.True(t, utf8.ValidString(out))
		if !strings.Contains(text+model, "!") { // else it need not be printf that says it
			require.NotContains(t, out, "%!")
		}
	})
}
