package cli

import (
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// printGates shows each request with all that a person needs to decide.
func (s *starter) printGates(g gates) error {
	if s.output == "json" {
		return s.printJSON(g)
	}
	if len(g.Requests) == 0 && len(g.Silent) == 0 {
		fmt.Fprintln(s.Out, "nothing waits for a person")
	}
	for i, r := range g.Requests {
		if i > 0 {
			fmt.Fprintln(s.Out)
		}
		fmt.Fprintln(s.Out, r.ID)
		for line := range strings.Lines(strings.TrimSpace(r.Message)) {
			fmt.Fprintln(s.Out, "  "+printable(line))
		}
		s.printRequest(runName(r.WorkflowID), r.Initiator, r.Request)
	}
	for _, r := range g.Silent {
		fmt.Fprintf(s.Out, "%s does not answer: %s\n", runName(r.WorkflowID), printable(r.Fault))
	}
	if g.MoreRunning {
		fmt.Fprintf(s.Out, "and more: only the newest %d runs were asked\n", runningShown)
	}
	return nil
}

// printRequest shows who may answer and until when, what it is for and what to type.
func (s *starter) printRequest(run, initiator string, r runbook.Request) {
	fmt.Fprintf(s.Out, "  %s\n", waitsFor(r))
	if r.NotInitiator {
		fmt.Fprintf(s.Out, "  not by %s, who started the run\n", printable(initiator))
	}
	if r.Min > 1 {
		fmt.Fprintf(s.Out, "  approved by %d of %d: %s\n", len(r.Answers), r.Min, printable(strings.Join(r.Answers, ", ")))
	}
	for _, a := range r.Approves {
		fmt.Fprintf(s.Out, "  allows %s: %s (attempt %d, %s)\n", a.Path, call(a.Uses, a.With), a.Attempt, r.Risk)
	}
	for _, f := range r.Fields {
		fmt.Fprintf(s.Out, "  field %s\n", printable(field(f)))
	}
	if r.PlanSHA256 != "" {
		fmt.Fprintf(s.Out, "  plan %s\n", r.PlanSHA256)
	}
	for _, command := range answerCommands(run, r) {
		fmt.Fprintln(s.Out, "  > "+command)
	}
}

// field says what a person fills in.
func field(f input.Field) string {
	text := f.Name + ": " + string(f.Type)
	if f.Pattern != "" {
		text += " like " + f.Pattern
	}
	if len(f.Enum) > 0 {
		text += ", one of " + strings.Join(f.Enum, ", ")
	}
	if f.Default != nil {
		text += fmt.Sprintf(", %v by default", f.Default)
	}
	if f.Description != "" {
		text += "; " + f.Description
	}
	return text
}
