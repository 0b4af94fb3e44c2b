package cli

import (
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// steps writes a list of steps with the numbers 1, 2, … behind a prefix such as "3.2.".
func (p *runbookText) steps(steps []runbook.Step, prefix string) {
	indent := strings.Repeat("   ", strings.Count(prefix, "."))
	for i, s := range steps {
		number := fmt.Sprintf("%s%d.", prefix, i+1)
		head := "**" + s.ID + "** · " + string(s.Kind)
		if s.Kind == runbook.Action {
			head += " · " + string(s.Risk)
		}
		if s.Title != "" {
			head += " · " + s.Title
		}
		p.line("%s%s %s", indent, number, head)
		for _, text := range stepFacts(s) {
			p.line("%s   %s", indent, text)
		}
		for j, c := range s.Cases {
			when := "else"
			if !c.When.Zero() {
				when = "when `" + c.When.Text + "`"
			}
			p.line("%s   - %s:", indent, when)
			p.steps(c.Steps, fmt.Sprintf("%s%d.", number, j+1))
		}
		if s.Called != nil {
			p.steps(s.Called.Steps, number)
		}
	}
}

// stepFacts are the lines below a step's head.
func stepFacts(s runbook.Step) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, "- "+fmt.Sprintf(format, args...)) }
	if !s.When.Zero() {
		add("only when `%s`", s.When.Text)
	}
	if s.Uses != "" {
		add("%s", operationText(s.Uses, s.With))
	}
	switch s.Kind {
	case runbook.Check:
		checkFacts(s, add)
	case runbook.Action:
		actionFacts(s, add)
	case runbook.GateStep:
		gateFacts(s, add)
	case runbook.Manual, runbook.InputStep:
		add("answered by %s within %s", strings.Join(s.Groups, ", "), seconds(s.TimeoutSeconds))
		for _, field := range s.Fields {
			add("asks for %s", inputText(field))
		}
	case runbook.Wait:
		if s.Until.Zero() {
			add("for %s", seconds(s.ForSeconds))
		} else {
			add("until `%s`, looked at every %s, for %s at most", s.Until.Text, seconds(s.EverySeconds), seconds(s.TimeoutSeconds))
		}
	case runbook.Notify:
		add("tells %s", strings.Join(s.Groups, ", "))
	case runbook.Incident:
		if s.Severity != "" {
			add("severity %s", s.Severity)
		}
	case runbook.Rollback:
		if s.To == "" {
			add("puts everything back, last first")
		} else {
			add("puts back what was done since %s, last first", s.To)
		}
	case runbook.Switch, runbook.Call, runbook.Checkpoint: // their heads and what lies below them say it
	}
	if s.Message != "" {
		add("says: %s", printable(s.Message))
	}
	return out
}

func checkFacts(s runbook.Step, add func(string, ...any)) {
	text := "requires `" + s.Require.Text + "`"
	if s.Times > 1 {
		text += fmt.Sprintf(" %d times in a row, %s apart", s.Times, seconds(s.EverySeconds))
	}
	if s.OnFalse == runbook.End {
		text += "; else there is nothing to do and the run ends well"
	}
	add("%s", text)
}

func actionFacts(s runbook.Step, add func(string, ...any)) {
	switch {
	case s.Idempotent && s.Retry.Attempts > 0:
		add("idempotent: %s at most", counted(s.Retry.Attempts, "attempt"))
	case s.Idempotent && s.Uses == "service.scale":
		add("idempotent: one run, which repeats its steps when they fail")
	case s.Idempotent:
		add("idempotent: tried again when it fails")
	case s.OnUnknown == runbook.Fail:
		add("one attempt; fails when nobody knows whether it happened")
	default:
		add("one attempt; asks when nobody knows whether it happened")
	}
	add("within %s", seconds(s.TimeoutSeconds))
	if s.Undo != nil {
		add("undo: %s", operationText(s.Undo.Uses, s.Undo.With))
	} else if s.Risk != runbook.Read {
		add("no undo")
	}
}

func gateFacts(s runbook.Step, add func(string, ...any)) {
	who := strings.Join(s.Groups, ", ")
	if s.Gate.Min > 1 {
		who = fmt.Sprintf("%d persons of %s", s.Gate.Min, who)
	}
	if s.Gate.NotInitiator {
		who += ", not by who started the run"
	}
	add("approves %s", strings.Join(s.Gate.Approves, ", "))
	add("answered by %s", who)
	end := "then it is rejected"
	if s.Gate.OnTimeout == runbook.Escalate {
		end = "then " + strings.Join(s.Gate.EscalateTo, ", ") + " may answer too, for the same time again"
	}
	add("within %s, %s", seconds(s.TimeoutSeconds), end)
	if s.RemindSeconds > 0 {
		add("reminds every %s", seconds(s.RemindSeconds))
	}
}
