package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// runbookText writes a runbook for people, as Markdown.
type runbookText struct{ strings.Builder }

// runbookPage is a runbook as Markdown.
func runbookPage(d runbook.Definition) string {
	var p runbookText
	p.line("# %s", d.Name)
	if d.Description != "" {
		p.line("\n%s", d.Description)
	}
	facts := []string{d.Severity, "owner " + d.Owner}
	if len(d.Aliases) > 0 {
		facts = append(facts, "also called "+strings.Join(d.Aliases, ", "))
	}
	if d.ReviewBy != "" {
		facts = append(facts, "review by "+d.ReviewBy)
	}
	p.line("\n%s\n\nSHA-256 %s", strings.Join(facts, " · "), d.SHA256)
	p.starts(d)
	p.inputs(d.Inputs)
	if len(d.Probes) > 0 {
		p.line("\n## Probes\n")
	}
	for _, m := range d.Probes {
		p.line("- `%s` in %s, at most %s old: %s", m.Name, m.Unit, seconds(m.MaxAgeSeconds), operationText(m.Uses, m.With))
	}
	if len(d.Guards) > 0 {
		p.line("\n## Guards\n")
	}
	for _, g := range d.Guards {
		p.line("- `%s`, else: %s", g.Check.Text, g.Message)
	}
	p.line("\n## Steps\n")
	p.steps(d.Steps, "")
	if len(d.OnFailure) > 0 {
		p.line("\n## On failure\n")
		p.steps(d.OnFailure, "")
	} else {
		p.line("\nOn failure everything that has an undo is put back, last first.")
	}
	return p.String()
}

// line writes one line. What a definition says cannot move the cursor of a terminal.
func (p *runbookText) line(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			lines := strings.Split(text, "\n")
			for j, l := range lines {
				lines[j] = strings.Repeat(" ", len(l)-len(strings.TrimLeft(l, " "))) + printable(l)
			}
			args[i] = strings.Join(lines, "\n")
		}
	}
	fmt.Fprintf(p, format+"\n", args...)
}

func seconds(n int) string { return strictyaml.Duration(time.Duration(n) * time.Second).String() }

// starts says what starts the runbook, how often, and what excludes what.
func (p *runbookText) starts(d runbook.Definition) {
	t := d.Triggers
	p.line("\n## Starts\n")
	for _, a := range t.Alerts {
		text := "by the alert " + pairs(a.Match, "=")
		if len(a.Inputs) > 0 {
			text += ", with inputs from its labels: " + pairs(a.Inputs, " from ")
		}
		p.line("- %s", text)
	}
	p.line("- by a person: `starter runbook run %s`", d.Name)
	about := ""
	if !t.Dedup.Zero() {
		about = fmt.Sprintf(" of the same `%s`", t.Dedup.Text)
	}
	if t.CooldownSeconds > 0 {
		p.line("- not again within %s after a run%s that acted", seconds(t.CooldownSeconds), about)
	}
	if t.Breaker.MaxRuns > 0 {
		p.line("- after %s%s within %s it opens an incident instead", counted(t.Breaker.MaxRuns, "run"), about, seconds(t.Breaker.WindowSeconds))
	}
	one := "one run of this runbook at a time"
	if !d.Concurrency.Key.Zero() {
		one += fmt.Sprintf(" for each `%s`", d.Concurrency.Key.Text)
	}
	second := "a second start is refused"
	if d.Concurrency.Policy == runbook.Join {
		second = "a second start follows the first"
	}
	p.line("- %s; %s", one, second)
}

func pairs(m map[string]string, between string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+between+m[k])
	}
	return strings.Join(out, ", ")
}

func (p *runbookText) inputs(inputs []input.Field) {
	if len(inputs) > 0 {
		p.line("\n## Inputs\n")
	}
	for _, in := range inputs {
		p.line("- %s", inputText(in))
	}
}

// inputText says what an input or a field takes.
func inputText(in input.Field) string {
	facts := []string{string(in.Type)}
	if len(in.Enum) > 0 {
		facts = append(facts, "one of "+strings.Join(in.Enum, ", "))
	}
	if in.Pattern != "" {
		facts = append(facts, "matches `"+in.Pattern+"`")
	}
	if in.Min != nil {
		facts = append(facts, fmt.Sprintf("from %v", *in.Min))
	}
	if in.Max != nil {
		facts = append(facts, fmt.Sprintf("to %v", *in.Max))
	}
	if in.Default != nil {
		facts = append(facts, "default `"+fmt.Sprint(in.Default)+"`")
	} else {
		facts = append(facts, "must be given")
	}
	text := "`" + in.Name + "` (" + strings.Join(facts, ", ") + ")"
	if in.Description != "" {
		text += ": " + in.Description
	}
	return text
}

// operationText is an operation with its arguments, as they stand in the definition.
func operationText(uses string, with []runbook.Filled) string {
	var args []string
	for _, f := range with {
		if f.Value.Expression.Zero() {
			args = append(args, f.Name+"="+condition.Quoted(f.Value.Constant))
		} else {
			args = append(args, f.Name+"=${{ "+f.Value.Expression.Text+" }}")
		}
	}
	return "`" + strings.TrimSpace(uses+" "+strings.Join(args, " ")) + "`"
}
