package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/templates"
)

func (s *starter) runbookCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the runbooks that are installed",
		RunE: func(*cobra.Command, []string) error { return s.runbookList() },
	}
	show := &cobra.Command{
		Use: "show NAME", Short: "Show what a runbook does, step by step",
		RunE: func(_ *cobra.Command, args []string) error { return s.runbookShow(args[0]) },
	}
	cmd := group("runbook", "Look at runbooks, run them and operate their runs",
		s.configured(list), s.configured(show), s.runbookLintCommand(), s.runbookTestCommand(), s.runbookPlanCommand(), s.runbookRunCommand(), s.runbookStatusCommand())
	for _, order := range s.runbookOrderCommands() {
		cmd.AddCommand(s.spoken(order))
	}
	return cmd
}

// spoken has an interrupted order say that it may still count.
func (s *starter) spoken(order *cobra.Command) *cobra.Command {
	give := order.RunE
	order.RunE = func(cmd *cobra.Command, args []string) error {
		s.begun = "your order may still count; see " + statusCommand(args[0])
		return give(cmd, args)
	}
	return order
}

// definitions are those that this configuration installs.
func (s *starter) definitions() (*templates.Set, error) {
	c, err := s.configurationOrDefault()
	if err != nil {
		return nil, err
	}
	set, err := templates.Open(c)
	if err != nil {
		return nil, usage("", templates.Placed(c, err).Error(), "")
	}
	return set, nil
}

// badDefinitions tells each fault of definitions on a line of its own; nil where there is none.
func badDefinitions(faulty ...templates.Faulty) error {
	var all []error
	for _, line := range faultsOf(faulty) {
		all = append(all, usage("", line, ""))
	}
	return errors.Join(all...)
}

// faultsOf are the lines of all faults, each once: a file that cannot be read may be meant as several definitions.
func faultsOf(faulty []templates.Faulty) []string {
	var lines []string
	for _, f := range faulty {
		for _, line := range f.Faults {
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// warnOfFaulty tells beside an answer what it leaves out.
func (s *starter) warnOfFaulty(set *templates.Set) {
	lines := faultsOf(set.Faulty())
	for _, line := range lines {
		s.Err.Printf("starter: %s\n", line)
	}
	if len(lines) > 0 {
		s.Err.Printf("starter: definitions with a fault are not used; see starter runbook lint\n")
	}
}

// runbookRow is a runbook in the list.
type runbookRow struct {
	Name        string   `json:"name"`
	Aliases     []string `json:"aliases"`
	Severity    string   `json:"severity"`
	Owner       string   `json:"owner"`
	ReviewBy    string   `json:"review_by,omitempty"`
	Description string   `json:"description,omitempty"`
	SHA256      string   `json:"sha256"`
}

func (s *starter) runbookList() error {
	set, err := s.definitions()
	if err != nil {
		return err
	}
	rows := []runbookRow{}
	for _, d := range set.Runbooks() {
		rows = append(rows, runbookRow{
			Name: d.Name, Aliases: append([]string{}, d.Aliases...), Severity: d.Severity, Owner: d.Owner, ReviewBy: d.ReviewBy,
			Description: d.Description, SHA256: d.SHA256,
		})
	}
	s.warnOfFaulty(set)
	if s.output == "json" {
		return s.printJSON(map[string]any{"runbooks": rows, "faulty": append([]templates.Faulty{}, set.Faulty()...)})
	}
	table := [][]string{{"RUNBOOK", "SEVERITY", "OWNER", "REVIEW BY", "DESCRIPTION"}}
	for _, r := range rows {
		table = append(table, []string{r.Name, r.Severity, printable(r.Owner), r.ReviewBy, printable(r.Description)})
	}
	s.table(table)
	return nil
}

func (s *starter) runbookShow(name string) error {
	set, err := s.definitions()
	if err != nil {
		return err
	}
	if f, ok := set.FaultyRunbook(name); ok {
		return badDefinitions(f)
	}
	s.warnOfFaulty(set)
	d, ok := set.Runbook(name)
	if !ok {
		return noSuchRunbook(name, set)
	}
	if s.output == "json" {
		return s.printJSON(d)
	}
	fmt.Fprint(s.Out, runbookPage(d))
	return nil
}

func noSuchRunbook(name string, set *templates.Set) error {
	hint := "see starter runbook list"
	if near := set.NearestRunbook(name); near != "" {
		hint = "did you mean " + near + "?"
	}
	return usage("runbook", "there is no runbook "+strictyaml.Quote(name), hint)
}
