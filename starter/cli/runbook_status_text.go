package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// printRunbookRun shows all about one run that answered.
func (s *starter) printRunbookRun(r runbookRun) {
	fmt.Fprintln(s.Out, resultLine(r.RunbookResult))
	fmt.Fprintf(s.Out, "  on %s since %s, started by %s", where(r.Host, r.Project), local(r.Started), printable(identity.Shown(r.By, r.Claimed)))
	if r.Why != "" {
		fmt.Fprint(s.Out, ": ", printable(r.Why))
	}
	fmt.Fprintln(s.Out)
	if r.Closed != nil {
		fmt.Fprintf(s.Out, "  ended at %s\n", local(*r.Closed))
	}
	if len(r.Inputs) > 0 {
		fmt.Fprintf(s.Out, "  with %s\n", r.Inputs.Assignments())
	}
	if r.PlanSHA256 != "" {
		fmt.Fprintf(s.Out, "  plan %s\n", r.PlanSHA256)
	}
	if r.PauseBy != "" {
		fmt.Fprintf(s.Out, "  pauses before the next step, for %s\n", printable(r.PauseBy))
	}
	if len(r.Steps) > 0 {
		rows := [][]string{{"STEP", "KIND", "ATTEMPT", "OUTCOME", "AT", "MESSAGE"}}
		for _, step := range r.Steps {
			outcome, at, attempt := string(step.Outcome), step.Ended, ""
			if outcome == "" || step.Path == r.At && r.Phase != runbook.Over {
				outcome, at = string(r.Phase), step.Started
			}
			if step.Attempt > 0 {
				attempt = strconv.Itoa(step.Attempt)
			}
			rows = append(rows, []string{step.Path, string(step.Kind), attempt, outcome, at.Local().Format(time.TimeOnly), printable(step.Message)})
		}
		s.table(rows)
	}
	for _, held := range r.Retrying {
		fmt.Fprintf(s.Out, "held up: %s\n", held.line(time.Now()))
	}
	for _, a := range r.Resolved {
		fmt.Fprintf(s.Out, "the alert %s is resolved since %s\n", printable(a.Alert), a.At.Local().Format(time.DateTime))
	}
	if r.Waits != "" {
		fmt.Fprintf(s.Out, "held up: %s\n", printable(r.Waits))
	}
	for _, what := range r.Untold {
		fmt.Fprintln(s.Out, printable(what))
	}
	if r.Request != nil {
		s.printMessage("waits: ", r.Request.Message)
		s.printRequest(*r.Request, "")
	}
	s.printUndone(r.RunbookResult)
}

// waitsFor says in a few words what a run waits for, by whom and until when.
func waitsFor(r request.Request) string {
	return whoAnswers(r.Kind, r.Groups) + " until " + local(r.Deadline)
}
