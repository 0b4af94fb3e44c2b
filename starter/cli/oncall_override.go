package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

func (s *starter) oncallOverrideCommand() *cobra.Command {
	var o config.Override
	var write bool
	var from, to string
	cmd := &cobra.Command{
		Use: "override", Short: "Give a role on call to somebody else for a time",
		Long: `Show the lines that give a role on call to somebody else for a time, and where they go in the configuration. With
--write they are added to it, and nothing else in it changes. Workers read the configuration when they start: copy it to
every host and restart evenkeel, or worker, there.`,
		Example: `  starter oncall override --role primary --who ben --from 2026-01-10T09:00 --to 2026-01-12T09:00 --reason "anna is ill"`,
		RunE: func(*cobra.Command, []string) error {
			o.From, o.To = config.Written(from), config.Written(to)
			return s.oncallOverride(o, write)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Role, "role", "", "primary, secondary or commander")
	flags.StringVar(&o.Who, "who", "", "who has the role instead, a name of people")
	flags.StringVar(&from, "from", "", "when it begins, as 2026-01-10T09:00 in time_zone or as RFC 3339")
	flags.StringVar(&to, "to", "", "when it ends, written in the same way")
	flags.StringVar(&o.Reason, "reason", "", "why, in one line")
	flags.BoolVar(&write, "write", false, "add the lines to the configuration")
	return s.configured(cmd)
}

// oncallAddition is what override has to say, in JSON.
type oncallAddition struct {
	File string `json:"file"`
	// Line is the one that Lines go behind; 0 where that is left to a person.
	Line    int      `json:"line,omitempty"`
	Lines   []string `json:"lines"`
	Written bool     `json:"written"`
}

func (s *starter) oncallOverride(o config.Override, write bool) error {
	c, rota, err := s.rota()
	if err != nil {
		return err
	}
	for _, needed := range []struct{ flag, value, hint string }{
		{"--role", o.Role, "write primary, secondary or commander"},
		{"--who", o.Who, "write a name of people"},
		{"--from", string(o.From), "write when it begins"},
		{"--to", string(o.To), "write when it ends"},
		{"--reason", o.Reason, "say why"},
	} {
		if needed.value == "" {
			return usage("oncall override", needed.flag+" is missing", needed.hint)
		}
	}
	if field, problem := c.OverrideFault(o); problem != "" {
		return usageOf("--"+field, problem)
	}
	for _, written := range []*config.Written{&o.From, &o.To} {
		t, err := oncall.ParseTime(string(*written), rota.Zone)
		if err != nil {
			return usageOf("oncall override", err.Error())
		}
		*written = config.Written(t.Format(time.RFC3339))
	}
	const by = "add the lines yourself"
	out := oncallAddition{File: c.Path}
	add, err := c.AddOverride(o)
	switch {
	case errors.Is(err, config.ErrForm):
		out.Lines = config.OverrideLines(o)
		if err := s.printAddition(out); err != nil || !write {
			return err
		}
		return no("oncall override", "in "+c.Path+" "+config.ErrForm.Error()+"; nothing was written", by)
	case err != nil:
		return failed("oncall override", c.Path+": "+err.Error(), "try again")
	}
	out.Line, out.Lines = add.Line, add.Lines
	if write {
		if err := textfile.Replace(c.Path, add.Text); err != nil {
			_ = s.printAddition(out) // the error says more than that it could not be shown
			return failed("oncall override", err.Error(), by)
		}
		out.Written = true
	}
	return s.printAddition(out)
}

// printAddition shows lines, and in a remark of the same language what is or was done with them.
func (s *starter) printAddition(a oncallAddition) error {
	switch {
	case s.output == "json":
		return s.printJSON(a)
	case a.Written:
		s.Out.Printf("# added behind line %d of %s; workers need a restart to know it\n", a.Line, a.File)
	case a.Line > 0:
		s.Out.Printf("# goes behind line %d of %s; --write adds it\n", a.Line, a.File)
	default:
		s.Out.Printf("# goes to oncall.overrides of %s, in the form that the list has there\n", a.File)
	}
	for _, line := range a.Lines {
		s.Out.Printf("%s\n", line)
	}
	return nil
}

// usageOf makes an error of a problem and what would be right, with a semicolon between.
func usageOf(where, problem string) error {
	what, hint, _ := strings.Cut(problem, "; ")
	return usage(where, what, hint)
}
