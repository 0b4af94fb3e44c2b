package cli

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// shortHash is as much of a SHA-256 as a person compares.
func shortHash(sha256 string) string { return sha256[:min(12, len(sha256))] }

// runbookTitle names a run for people.
func runbookTitle(name, key string) string { return strings.TrimSpace(name + " " + key) }

// printRunbookPlan shows what would happen and every reason why it must not.
func (s *starter) printRunbookPlan(plan activities.RunbookPlan, o runbookOptions) error {
	if s.output == "json" {
		if err := s.printJSON(plan); err != nil {
			return err
		}
	} else {
		s.printPlanned(plan, time.Now())
	}
	if o.plan != "" {
		if err := samePlan(plan, o.plan); err != nil {
			return err
		}
	}
	if len(plan.Refusals) > 0 || plan.Suppressed != "" && !o.override {
		return answered(exitNo)
	}
	return nil
}

func (s *starter) printPlanned(plan activities.RunbookPlan, now time.Time) {
	s.Out.Printf("Plan of %s on %s\n", runbookTitle(plan.Runbook, plan.Key), where(plan.Host, plan.Project))
	if len(plan.Inputs) > 0 {
		s.Out.Printf("Inputs: %s\n", plan.Inputs.Assignments())
	}
	if len(plan.Steps) > 0 {
		rows := [][]string{{"#", "DECISION", "STEP", "KIND", "DOES", "NOTE"}}
		for i, p := range plan.Steps {
			kind := string(p.Kind)
			if p.Risk != "" {
				kind += " " + string(p.Risk)
			}
			rows = append(rows, []string{strconv.Itoa(i + 1), p.Decision, p.Path, kind, request.Call(p.Uses, p.With, p.Argv), printable(p.Note)})
			if p.Undo != nil {
				rows = append(rows, []string{"", "", "", "undo", request.Call(p.Undo.Uses, p.Undo.With, nil), ""})
			}
		}
		s.table(rows)
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Readings)) {
		r := plan.Readings[name]
		if r.Fault != "" {
			s.Out.Printf("[READ] %s: no value: %s\n", name, r.Fault)
			continue
		}
		s.Out.Printf("[READ] %s: %s, %s old\n", name, r.Values.Assignments(), max(now.Sub(r.At), 0).Round(time.Second))
	}
	s.printRefusals(plan.Refusals)
	s.printSuppressed(plan)
	if plan.NotNeeded {
		s.Out.Printf("There is nothing to do.\n")
	}
	s.Out.Printf("plan %s\n", plan.SHA256)
}

// printSuppressed shows why cooldown or breaker would end a run at once.
func (s *starter) printSuppressed(plan activities.RunbookPlan) {
	switch {
	case plan.Unasked != "":
		s.Out.Printf("[UNKNOWN] whether cooldown or breaker suppress it: %s\n", plan.Unasked)
	case plan.Suppressed != "":
		s.Out.Printf("[SUPPRESSED] %s\n  %s\n", plan.Suppressed, inSpite)
	}
}

// inSpite is what helps against cooldown and breaker.
const inSpite = "to run it in spite of that: --override --reason REASON"

func (s *starter) printRefusals(refusals []string) {
	for _, why := range refusals {
		s.Out.Printf("[REFUSED] %s\n", why)
	}
}

// printRefused ends a run that was not started. In JSON it is the result that the run would have had.
func (s *starter) printRefused(plan activities.RunbookPlan, by, why string) error {
	if s.output == "json" {
		err := s.printJSON(workflows.RunbookResult{
			Runbook: plan.Runbook, Key: plan.Key, Host: plan.Host, Inputs: plan.Inputs, Outcome: runbook.Refused, Reason: strings.Join(plan.Refusals, "; "),
			By: by, Why: why, Definition: plan.Definition, PlanSHA256: plan.SHA256, Steps: []workflows.RunbookStep{},
		})
		if err != nil {
			return err
		}
	} else {
		s.printRefusals(plan.Refusals)
		s.Out.Printf("Nothing was started.\n")
	}
	return answered(exitNo)
}

// statusCommand is the command line that shows a run, by its whole id: no other can be meant.
func statusCommand(id string) string { return "starter runbook status " + id }

// printRunbookStarted names a run that was started or joined, and how to look at it. In JSON it is the whole answer.
func (s *starter) printRunbookStarted(run startedRun) error {
	if s.output == "json" {
		answer := map[string]any{"workflow_id": run.GetID(), "run_id": run.GetRunID(), "joined": run.joined, "next": []string{statusCommand(run.GetID())}}
		if len(run.differs) > 0 {
			answer["differs"] = run.differs
		}
		return s.printJSON(answer)
	}
	if !run.joined {
		s.Out.Printf("started %s (run %s)\n", run.GetID(), run.GetRunID())
	}
	s.Out.Printf("  > %s\n", statusCommand(run.GetID()))
	return nil
}

// printRunbookResult shows how a run ended and returns the exit code as an error.
func (s *starter) printRunbookResult(r workflows.RunbookResult) error {
	if s.output == "json" {
		if err := s.printJSON(r); err != nil {
			return err
		}
	} else {
		s.Out.Printf("%s\n", resultLine(r))
		if r.Outcome == runbook.Suppressed {
			s.Out.Printf("  %s\n", inSpite)
		}
		s.printUndone(r)
	}
	switch r.Outcome {
	case runbook.Succeeded, runbook.NotNeeded:
		return nil
	case runbook.Suppressed, runbook.Refused, runbook.Rejected:
		return answered(exitNo)
	default:
		return answered(exitFailed)
	}
}

func resultLine(r workflows.RunbookResult) string {
	text := runbookTitle(r.Runbook, r.Key) + ": " + strings.ReplaceAll(string(r.Outcome), "_", " ")
	if r.Reason != "" {
		text += ": " + printable(r.Reason)
	}
	return text
}

func (s *starter) printUndone(r workflows.RunbookResult) {
	for _, what := range r.Undone {
		s.Out.Printf("  put back: %s\n", what)
	}
	for _, what := range r.NotUndone {
		s.Out.Printf("  could not be put back: %s\n", what)
	}
}
