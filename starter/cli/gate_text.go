package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// printGates shows each request with what a person needs to decide.
func (s *starter) printGates(g gates) error {
	if s.output == "json" {
		return s.printJSON(g)
	}
	switch {
	case len(g.Requests) > 0 || g.Unknown > 0:
	case g.Others > 0:
		fmt.Fprintf(s.Out, "nothing waits for you, and %d for others\n", g.Others)
	default:
		fmt.Fprintln(s.Out, "nothing waits for a person")
	}
	for i, r := range g.Requests {
		if i > 0 {
			fmt.Fprintln(s.Out)
		}
		s.printOpen(r)
	}
	if hidden := g.Open - len(g.Requests); hidden > 0 {
		fmt.Fprintf(s.Out, "and %d more with a later deadline: starter gate list --all\n", hidden)
	}
	if g.Unknown > 0 {
		fmt.Fprintf(s.Out, "not known whether for you: %d; see all with starter gate list\n", g.Unknown)
	}
	return nil
}

// printOpen shows a request whole, or else what the memo of its run says of it.
func (s *starter) printOpen(r openRequest) {
	fmt.Fprintf(s.Out, "%s:%s\n", runName(r.WorkflowID), r.short())
	if r.Whole != nil {
		s.printMessage(messageMark, r.Whole.Message)
		s.printRequest(*r.Whole, " on "+where(r.Host, r.Project))
		return
	}
	told := r.Request(r.WorkflowID)
	s.printMessage(messageMark, told.Message)
	s.printWho(told, " on "+where(r.Host, r.Project))
	for _, e := range r.Allows {
		s.Out.Printf("  allows %s\n", e)
	}
	if r.Cut {
		fmt.Fprintf(s.Out, "  not all is shown: starter runbook status %s\n", runName(r.WorkflowID))
		return
	}
	s.printCommands(told)
}

// messageMark begins a line of what is asked: none can look like a line of the list itself, such as a command.
const messageMark = "  | "

// printMessage shows what is asked as it is written, line by line.
func (s *starter) printMessage(before, message string) {
	for _, line := range messageLines(message) {
		fmt.Fprintln(s.Out, before+line)
		before = messageMark
	}
}

// messageLines are the lines of what is asked. Blanks within them stay.
func messageLines(message string) []string { return strings.Split(strings.TrimSpace(message), "\n") }

// printRequest shows a request whole: who may answer and until when, what it is for and what to type. place stands
// behind who; it may be empty.
func (s *starter) printRequest(r request.Request, place string) {
	s.printWho(r, place)
	for _, e := range r.Allows {
		s.Out.Printf("  allows %s (attempt %d, %s)\n", e, e.Attempt, r.Risk)
	}
	for _, f := range r.Fields {
		s.Out.Printf("  field %s\n", field(f))
	}
	if r.PlanSHA256 != "" {
		fmt.Fprintf(s.Out, "  plan %s\n", r.PlanSHA256)
	}
	s.printCommands(r)
}

// printWho shows who may answer and until when, and who has.
func (s *starter) printWho(r request.Request, place string) {
	fmt.Fprintf(s.Out, "  %s%s until %s\n", whoAnswers(r.Kind, r.Groups), place, local(r.Deadline))
	for _, by := range r.Not {
		fmt.Fprintf(s.Out, "  not by %s, who started the run\n", printable(by))
	}
	if r.Min > 1 {
		so := fmt.Sprintf("  approved by %d of %d", len(r.Answers), r.Min)
		if len(r.Answers) > 0 {
			so += ": " + printable(strings.Join(answersOf(r), ", "))
		}
		fmt.Fprintln(s.Out, so)
	}
}

// answersOf are who has said yes, as far as the run says it those that are not proven as claims. A memo says who alone.
func answersOf(r request.Request) (names []string) {
	for _, name := range r.Answers {
		proven := slices.ContainsFunc(r.Words, func(w identity.Word) bool { return w.Statement.Who == name })
		names = append(names, identity.Shown(name, r.RunID != "" && !proven))
	}
	return names
}

func (s *starter) printCommands(r request.Request) {
	for _, command := range workflows.Commands(r) {
		fmt.Fprintln(s.Out, "  > "+command)
	}
}

// whoAnswers says in a few words what is asked and of whom.
func whoAnswers(kind request.Kind, groups []string) string {
	if kind == request.Order {
		return "an operator's order"
	}
	return strings.ReplaceAll(string(kind), "_", "-") + " by " + strings.Join(groups, ", ")
}

// field says what a person fills in.
func field(f input.Field) string {
	text := f.Name + ": " + string(f.Type)
	if f.Pattern != "" {
		text += " like " + f.Pattern
	}
	if len(f.Enum) > 0 {
		var values []string
		for _, value := range f.Enum {
			values = append(values, condition.Quoted(value))
		}
		text += ", one of " + strings.Join(values, ", ")
	}
	if f.Min != nil {
		text += ", at least " + condition.Quoted(*f.Min)
	}
	if f.Max != nil {
		text += ", at most " + condition.Quoted(*f.Max)
	}
	switch value := f.Default.(type) {
	case nil:
	case string: // in quotes, for "none by default" says another thing
		text += ", " + strconv.Quote(value) + " by default"
	default:
		text += ", " + condition.Quoted(value) + " by default"
	}
	if f.Description != "" {
		text += "; " + f.Description
	}
	return text
}
