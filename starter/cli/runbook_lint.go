package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/templates"
)

func (s *starter) runbookLintCommand() *cobra.Command {
	return s.configured(&cobra.Command{
		Use: "lint [FILE|DIR]...", Short: "Check definitions, and the names of runbooks in pages and alert rules",
		Long: `Check definitions: all that are installed, or the files and folders that you name. In a folder it reads
every *.yaml that is a definition, *.rules.yaml and *.md, but nothing below a folder testdata. YAML of
another kind is passed over and named. Below templates_dir every *.yaml is a definition.

It finds what keeps a definition from being used, and also what is never used or never reached, a
destructive step that nobody has to approve, and names of runbooks that do not exist. Groups, commands
with their risk, and services are held against the configuration, where there is one.

The exit code is 1 when there is an error. Warnings never change it.`,
		Example: "  starter runbook lint\n  starter runbook lint runbooks docs README.md",
		RunE:    func(_ *cobra.Command, args []string) error { return s.runbookLint(args, time.Now()) },
	})
}

// lintRow is a finding in JSON.
type lintRow struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func (s *starter) runbookLint(paths []string, today time.Time) error {
	c, err := s.configurationOrDefault()
	if err != nil {
		return err
	}
	o := templates.LintOptions{Dir: c.TemplatesDir, Disabled: c.Disabled, Today: today}
	if c.Path != "" {
		o.Config = c
	}
	found, err := templates.Lint(paths, o)
	if err != nil {
		return lookedAt("runbook lint", c, err, "name files and folders that can be read")
	}
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"configuration": c.Path, "files": found.Files, "passed_over": append([]string{}, found.PassedOver...), "errors": lintRows(found.Errors), "warnings": lintRows(found.Warnings)}); err != nil {
			return err
		}
	} else {
		s.printFindingLines(found)
		if c.Path == "" {
			s.Out.Printf("not checked without a configuration: groups, commands and services; name one with --config\n")
		}
	}
	if len(found.Errors) > 0 {
		return answered(exitNo)
	}
	return nil
}

// lookedAt is the error of files that are looked at: of the configuration where it names what is not there, else of
// those that a person named.
func lookedAt(where string, c *config.Config, err error, hint string) error {
	if fault, ok := errors.AsType[*strictyaml.Error](templates.Placed(c, err)); ok {
		return usage("", fault.Error(), "")
	}
	return usage(where, err.Error(), hint)
}

func lintRows(all []*strictyaml.Error) []lintRow {
	rows := []lintRow{}
	for _, e := range all {
		rows = append(rows, lintRow{e.File, e.Line, e.Column, e.Field, e.Problem})
	}
	return rows
}

// printFindingLines writes one line for each finding and one for all, so that it is seen what was looked
// at.
func (s *starter) printFindingLines(found templates.Findings) {
	for _, e := range found.Errors {
		s.Out.Printf("%s\n", e.Error())
	}
	for _, w := range found.Warnings {
		about := ""
		if w.Field != "" {
			about = w.Field + ": "
		}
		s.Out.Printf("%s:%d:%d: warning: %s%s\n", w.File, w.Line, w.Column, about, w.Problem)
	}
	if len(found.PassedOver) > 0 {
		s.Out.Printf("passed over, because it is no definition: %s\n", strings.Join(found.PassedOver, ", "))
	}
	s.Out.Printf("%s, %s, %s\n", counted(found.Files, "file"), counted(len(found.Errors), "error"), counted(len(found.Warnings), "warning"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
