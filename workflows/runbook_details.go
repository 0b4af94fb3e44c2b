package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// runbookDetails renders a run for the Web UI: at the top how it stands and what it waits for, with the commands that
// act, for that page is only for looking.
func runbookDetails(s RunbookStatus) string {
	lines := []string{fmt.Sprintf("## %s: %s\n", plain(s.Runbook), plain(string(s.Outcome)))}
	lines = append(lines, strings.TrimSpace(fmt.Sprintf("Started by %s on %s. %s", plain(identity.Shown(s.By, s.Claimed)), plain(s.Host), plain(s.Why)))+"\n")
	if s.Reason != "" {
		lines = append(lines, fmt.Sprintf("**%s**\n", plain(s.Reason)))
	}
	if q := s.Request; q != nil {
		lines = append(lines, requestDetails(*q)...)
	}
	for _, a := range s.Resolved {
		lines = append(lines, fmt.Sprintf("The alert %s is resolved since %s.\n", plain(a.Alert), a.At.UTC().Format("2006-01-02 15:04:05 MST")))
	}
	if s.Waits != "" {
		lines = append(lines, fmt.Sprintf("**Waits:** %s\n", plain(s.Waits)))
	}
	lines = append(lines, stepDetails(s.Steps)...)
	for _, what := range s.Undone {
		lines = append(lines, "- put back: "+plain(what))
	}
	for _, what := range s.NotUndone {
		lines = append(lines, "- could not be put back: "+plain(what))
	}
	for _, rec := range s.Unwritten {
		lines = append(lines, "- not in the ledger: "+plain(rec.Kind))
	}
	for _, what := range s.Untold {
		lines = append(lines, "- "+plain(what))
	}
	return cut(strings.Join(lines, "\n")+"\n", detailsBytes)
}

// requestDetails says what a run waits for, from whom and until when, and how to answer.
func requestDetails(r request.Request) []string {
	who := "an operator to choose how it goes on"
	if len(r.Groups) > 0 {
		who = strings.Join(r.Groups, ", ") + " to " + choices(r)
	}
	lines := []string{
		fmt.Sprintf("**Waits for %s until %s:** %s\n", plain(who), r.Deadline.UTC().Format("2006-01-02 15:04 MST"), plain(r.Message)),
	}
	lines = append(lines, "```") // in which blanks stay as they are
	for _, e := range r.Allows {
		lines = append(lines, "# allows "+e.String())
	}
	lines = append(lines, Commands(r)...)
	return append(lines, "```\n")
}

func choices(r request.Request) string {
	switch r.Kind {
	case request.Approval:
		return "approve or reject"
	case request.Input:
		return "fill it in"
	case request.Confirmation:
		return "do it and say so"
	case request.SignOff:
		return "sign"
	case request.Acknowledgement:
		return "acknowledge"
	case request.Order:
	}
	return strings.Join(r.Choices, " or ")
}

// Commands are the command lines by which people answer a request.
func Commands(r request.Request) []string {
	var lines []string
	if r.Kind == request.Order {
		for _, verb := range r.Choices {
			line := "starter runbook " + verb + " " + r.ID // the order is for this step as it stands now
			if runbook.NeedsReason(verb) {
				line += " --reason REASON"
			}
			lines = append(lines, line)
		}
		return lines
	}
	yes := []string{"starter gate approve", r.ID}
	for _, f := range r.Fields {
		if f.Default == nil {
			yes = append(yes, "-p", f.Name+"="+strings.ToUpper(string(f.Type)))
		}
	}
	lines = append(lines, strings.Join(yes, " "))
	if slices.Contains(r.Choices, request.Reject) {
		lines = append(lines, "starter gate reject "+r.ID+" --reason REASON")
	}
	return lines
}

// stepDetails is a table of the steps. How often one was tried is shown where that was more than once.
func stepDetails(steps []RunbookStep) []string {
	if len(steps) == 0 {
		return nil
	}
	lines := []string{"| step | kind | outcome | |", "|---|---|---|---|"}
	for _, st := range steps {
		outcome := string(st.Outcome)
		if outcome == "" {
			outcome = "at work"
		}
		if st.Attempt > 1 {
			outcome += fmt.Sprintf(", attempt %d", st.Attempt)
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s |", plain(st.Path), st.Kind, plain(outcome), plain(st.Message)))
	}
	return lines
}
