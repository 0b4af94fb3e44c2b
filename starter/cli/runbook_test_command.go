package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/runbooktest"
	"github.com/evenkeel/evenkeel/templates"
)

func (s *starter) runbookTestCommand() *cobra.Command {
	var cover bool
	cmd := &cobra.Command{
		Use: "test [FILE|DIR]...", Short: "Test runbooks with the cases in NAME_test.yaml, and touch nothing",
		Long: `Test runbooks: all that are installed, or those in the files and folders that you name. A case says what
probes see, how steps end and what people do. A test has its own clock and needs no server.

Branches that no case takes are listed, such as a condition that never holds, a gate that is never rejected,
or a step whose outcome is never unknown.

The exit code is 1 when a case fails, and with --cover also when no case takes a branch. It is 2 when a file has a
fault; the others are tested all the same.`,
		Example: "  starter runbook test\n  starter runbook test --cover runbooks/restart_cache.yaml",
		RunE:    func(_ *cobra.Command, args []string) error { return s.runbookTest(args, cover) },
	}
	cmd.Flags().BoolVar(&cover, "cover", false, "a branch that no case takes is a failure")
	return s.configured(cmd)
}

// caseResult is what came of a case.
type caseResult struct {
	Runbook string `json:"runbook"`
	Case    string `json:"case"`
	Passed  bool   `json:"passed"`
	Outcome string `json:"outcome"`
	// DurationSeconds is real, TookSeconds on the clock of the case.
	DurationSeconds float64  `json:"duration_seconds"`
	TookSeconds     float64  `json:"took_seconds"`
	Differences     []string `json:"differences"`
}

// uncovered is a branch that no case of its runbook goes.
type uncovered struct {
	Runbook string `json:"runbook"`
	Message string `json:"message"`
}

func (s *starter) runbookTest(paths []string, cover bool) error {
	all, faulty, err := s.runbookTests(paths)
	if err != nil {
		return err
	}
	cases, gaps, failures := []caseResult{}, []uncovered{}, 0
	for _, r := range all {
		program := runbook.Lay(r.Runbook)
		var results []runbooktest.Result
		for _, c := range r.Cases {
			begun := time.Now()
			result := runbooktest.Run(program, c)
			results = append(results, result)
			row := caseResult{
				Runbook: r.Runbook.Name, Case: c.Name, Passed: len(result.Faults) == 0, Outcome: string(result.Outcome),
				DurationSeconds: time.Since(begun).Seconds(), TookSeconds: result.Took.Seconds(), Differences: append([]string{}, result.Faults...),
			}
			cases = append(cases, row)
			if !row.Passed {
				failures++
			}
			if s.output != "json" {
				s.printCase(row)
			}
		}
		if len(r.Cases) == 0 {
			gaps = append(gaps, uncovered{r.Runbook.Name, "it has no test; write " + r.Runbook.Name + "_test.yaml beside it"})
			continue
		}
		for _, branch := range runbooktest.Uncovered(program, results) {
			gaps = append(gaps, uncovered{r.Runbook.Name, branch})
		}
	}
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"cases": cases, "failed": failures, "uncovered": gaps, "faulty": append([]templates.Faulty{}, faulty...)}); err != nil {
			return err
		}
	} else if len(all) > 0 {
		for _, g := range gaps {
			s.Out.Printf("uncovered %s: %s\n", g.Runbook, g.Message)
		}
		s.Out.Printf("%s, %d failed, %d uncovered\n", counted(len(cases), "case"), failures, len(gaps))
	}
	if len(faulty) > 0 {
		return badDefinitions(faulty...)
	}
	if failures > 0 || cover && len(gaps) > 0 {
		return answered(exitNo)
	}
	return nil
}

// runbookTests are those that are named, else those that this configuration installs, and what has a fault.
func (s *starter) runbookTests(paths []string) ([]templates.RunbookTest, []templates.Faulty, error) {
	if len(paths) == 0 {
		set, err := s.definitions()
		if err != nil {
			return nil, nil, err
		}
		return set.RunbookTests(), set.Faulty(), nil
	}
	c, err := s.configurationOrDefault()
	if err != nil {
		return nil, nil, err
	}
	all, faulty, err := templates.RunbookTestsIn(paths, c.TemplatesDir, c.Disabled)
	if err != nil {
		return nil, nil, lookedAt("runbook test", c, err, "name runbooks, their tests, or folders with some")
	}
	return all, faulty, nil
}

func (s *starter) printCase(r caseResult) {
	verdict := "ok"
	if !r.Passed {
		verdict = "FAIL"
	}
	s.Out.Printf("%s %s: %s (%.0f ms)\n", verdict, r.Runbook, r.Case, 1000*r.DurationSeconds)
	for _, d := range r.Differences {
		s.Out.Printf("  %s\n", strings.TrimSpace(d))
	}
}
