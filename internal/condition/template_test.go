package condition_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func TestTemplate(t *testing.T) {
	values := condition.Values{
		"inputs.model": "a\x1b[1m\nb", "inputs.n": 3, "probes.p95.value": 4, "steps.a.healthy": true, "now": "2027-06-30T12:00:00Z",
	}
	for text, want := range map[string]string{
		`plain`: `plain`,
		``:      ``,
		`{{ .inputs.n }} of {{ .probes.p95.value }}, {{ .steps.a.healthy }}`: `3 of 4, true`,
		`{{ .inputs.model }}`:  `a\x1b[1m\nb`,
		`{{- .inputs.n -}}  x`: `3x`,
		`{{ printf "%.2f s, %03d, %v%%" .probes.p95.value .inputs.n .now }}`: `4.00 s, 003, 2027-06-30T12:00:00Z%`,
		`{{ printf "%q" .inputs.model }}`:                                    `"a\\x1b[1m\\nb"`,
		`{{ "a" }}{{/* nothing */}}`:                                         `a`,
		`{{ if .steps.a.healthy }}well{{ else }}{{ .steps.a.n }}{{ end }}`:   `well`,
		`{{ if .inputs.n }}some{{ else if .steps.a.healthy }}x{{ end }}`:     `some`,
	} {
		uses, err := condition.CompileTemplate(text, names)
		require.NoError(t, err, text)
		got, err := condition.RenderTemplate(text, uses, values)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	uses, err := condition.CompileTemplate(`{{ if .inputs.n }}{{ .inputs.model }}{{ end }}`, names)
	require.NoError(t, err)
	require.Equal(t, condition.Types{"inputs.model": condition.String, "inputs.n": condition.Int}, uses)
	got, err := condition.RenderTemplate(`{{ if .inputs.n }}{{ .inputs.model }}{{ end }}`, uses, condition.Values{"inputs.n": 0})
	require.NoError(t, err, "what is not shown may be missing")
	require.Empty(t, got)
}

func TestTemplateFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{{ .inputs.modle }}`:                   `column 4: unknown name "inputs.modle"; did you mean "inputs.model"?`,
		"a\n{{ .inputs.n }} {{ .inputs }}":      `line 2, column 20: "inputs" is no value but holds some; valid names are inputs.model, inputs.n`,
		`{{ .inputs.n.x }}`:                     `column 4: inputs.n is one int and holds no other names; write inputs.n`,
		`{{ range .inputs.model }}{{ end }}`:    `column 1: a message has no range; write names, printf and if`,
		`{{ with .inputs.model }}{{ end }}`:     `column 1: a message has no with; write names, printf and if`,
		`{{ template "message" }}`:              `column 1: a message has no template; write names, printf and if`,
		`{{ define "x" }}{{ end }}`:             `defines a template; write the text itself`,
		`{{ define "message" }}a{{ end }}`:      `defines a template; write the text itself`,
		`{{ block "x" .inputs }}{{ end }}`:      `defines a template; write the text itself`,
		`{{ len .inputs.model }}`:               `column 4: there is no function "len" in a message; write names, printf and if`,
		`{{ .inputs.model | printf "%s" }}`:     `column 4: a message has no pipes; write printf "%s" .inputs.NAME`,
		`{{ $x := .inputs.n }}`:                 `column 4: a message has no variables; write the name itself`,
		`{{ . }}`:                               `column 4: "." is no name; write one such as .inputs.NAME`,
		`{{ $ }}`:                               `column 4: "$" is no name; write one such as .inputs.NAME`,
		`{{ (.inputs.n) }}`:                     `column 5: a message has no brackets; write the name itself`,
		`{{ if printf "%d" .inputs.n }}{{end}}`: `column 7: if takes a name; write {{ if .inputs.NAME }}`,
		`{{ if "x" }}{{end}}`:                   `column 7: text stands outside of the braces; write names, printf and if`,
		`{{ .inputs.n 1 }}`:                     `column 14: a name takes no arguments; write it alone`,
		`{{ printf .inputs.model }}`:            `column 4: printf needs its format in quotes; write printf "%.1f" .probes.NAME.value`,
		`{{ printf }}`:                          `column 4: printf needs its format in quotes; write printf "%.1f" .probes.NAME.value`,
		`{{ printf "%s" }}`:                     `column 11: the format has 1 verbs for 0 names; give each its own`,
		`{{ printf "%s" 1 }}`:                   `column 16: printf shows names; write one such as .inputs.NAME`,
		`{{ printf "%9999d" .inputs.n }}`:       `column 11: "%9999" is no verb that a message has; write one of d e f g q s t v x`,
		`{{ printf "%!" .inputs.n }}`:           `column 11: "%!" is no verb that a message has; write one of d e f g q s t v x`,
		`{{ printf "%*d" .inputs.n }}`:          `column 11: "%*" is no verb that a message has; write one of d e f g q s t v x`,
		`{{ printf "%[1]d" .inputs.n }}`:        `column 11: "%[" is no verb that a message has; write one of d e f g q s t v x`,
		`{{ printf "%d" .inputs.model }}`:       `column 16: %d does not show a value of type string; write %v`,
		`{{ printf "100%" }}`:                   `column 11: "%" is no verb that a message has; write one of d e f g q s t v x`,
		`{{`:                                    `is not a template: unclosed action; write {{ .inputs.NAME }}`,
		"a\n{{ if .inputs.n }}":                 `is not a template: line 2: unexpected EOF; write {{ .inputs.NAME }}`,
		"\xff":                                  `is not UTF-8; save the file as UTF-8`,
		strings.Repeat("x", 2001):               `is longer than 2000 bytes; shorten it`,
	} {
		_, err := condition.CompileTemplate(text, names)
		require.EqualError(t, err, want, text)
	}
}

func TestRenderFaults(t *testing.T) {
	uses := condition.Types{"inputs.n": condition.Int}
	_, err := condition.RenderTemplate(`{{ .inputs.n }}`, uses, nil)
	var missing *condition.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "inputs.n", missing.Name)
	_, err = condition.RenderTemplate(`{{ if .inputs.n }}{{ end }}`, uses, nil)
	require.ErrorAs(t, err, &missing)
	_, err = condition.RenderTemplate(`{{ .inputs.n }}`, uses, condition.Values{"inputs.n": "x"})
	require.EqualError(t, err, `inputs.n is "x"; it must be of type int`)
	_, err = condition.RenderTemplate(`{{ .inputs.m }}`, uses, nil)
	require.ErrorContains(t, err, "unknown name")
}

func TestLongMessagesAreCut(t *testing.T) {
	text := strings.Repeat("{{ .inputs.model }}", 100)
	uses := condition.Types{"inputs.model": condition.String}
	got, err := condition.RenderTemplate(text, uses, condition.Values{"inputs.model": strings.Repeat("é", 9000)})
	require.NoError(t, err)
	require.LessOrEqual(t, len(got), 4000)
	require.True(t, utf8.ValidString(got))
	require.True(t, strings.HasSuffix(got, "é…"))
}
