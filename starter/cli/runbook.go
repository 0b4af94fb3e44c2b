package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/templates"
)

func (s *starter) runbookCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the runbooks that are installed", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.runbookList() },
	}
	show := &cobra.Command{
		Use: "show NAME", Short: "Show what a runbook does, step by step", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return s.runbookShow(args[0]) },
	}
	cmd := group("runbook", "Look at runbooks, run them and operate their runs",
		list, show, s.runbookLintCommand(), s.runbookTestCommand(), s.runbookPlanCommand(), s.runbookRunCommand(), s.runbookStatusCommand())
	cmd.AddCommand(s.runbookOrderCommands()...)
	return cmd
}

// definitions are those that this configuration installs.
func (s *starter) definitions() (*templates.Set, error) {
	c, err := s.configurationOrDefault()
	if err != nil {
		return nil, err
	}
	set, err := templates.Load(c.TemplatesDir, c.Disabled)
	if err != nil {
		return nil, badDefinitions(err)
	}
	return set, nil
}

// badDefinitions tells each fault of definitions on a line of its own.
func badDefinitions(err error) error {
	var all []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		all = append(all, usage("", line, ""))
	}
	return errors.Join(all...)
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
	if s.output == "json" {
		return s.printJSON(map[string]any{"runbooks": rows})
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
	d, ok := set.Runbook(name)
	if !ok {
		return noSuchRunbook(name, set.Runbooks())
	}
	if s.output == "json" {
		return s.printJSON(d)
	}
	fmt.Fprint(s.Out, runbookPage(d))
	return nil
}

func noSuchRunbook(name string, all []runbook.Definition) error {
	names := map[string]bool{}
	for _, d := range all {
		names[d.Name] = true
		for _, alias := range d.Aliases {
			names[alias] = true
		}
	}
	hint := "see starter runbook list"
	if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(names))); ok {
		hint = "did you mean " + near + "?"
	}
	return usage("runbook", "there is no runbook "+strictyaml.Quote(name), hint)
}
