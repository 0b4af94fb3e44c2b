// Package cli is the starter's commands, one file each. Nothing in it exits the process or touches
// a global: streams come in, an exit code goes out.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/terminal"
)

// Streams are where a command writes, and what a person types; nil is nobody.
type Streams struct {
	Out, Err io.Writer
	In       io.Reader
}

// starter is one run of the command line.
type starter struct {
	// Out and Err show what comes from outside as it is, whatever prints it.
	Out, Err   *terminal.Writer
	In         io.Reader
	configFile string
	host       string
	project    string
	output     string
	// begun says what goes on or may go on when the command is interrupted, and the command that shows it; empty while
	// nothing does.
	begun string
	// signing is how a person proves a word.
	signing signing
}

// Execute runs one command and returns its exit code: 0 done, 1 the answer is no, 2 wrong usage or
// bad input, 3 a needed thing is not there, 4 the run failed or was rolled back, 130 detached by
// Ctrl-C.
func Execute(ctx context.Context, streams Streams, args []string) int {
	s := newStarter(streams)
	root := s.root()
	root.SetArgs(args)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	code := s.report(root.ExecuteContext(ctx))
	_ = errors.Join(s.Out.Flush(), s.Err.Flush()) // half a character; there is nobody to tell
	return code
}

func newStarter(streams Streams) *starter {
	return &starter{Out: terminal.NewWriter(streams.Out), Err: terminal.NewWriter(streams.Err), In: streams.In, output: "text"}
}

func (s *starter) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "starter",
		Short:         "Run the operations of a GPU/LLM product as durable workflows",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if s.output != "text" && s.output != "json" {
				asked := s.output
				s.output = "text"
				return usage("--output", fmt.Sprintf("%q is no output format", asked), "say text or json")
			}
			return nil
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVarP(&s.output, "output", "o", "text", "text or json")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(place(cmd), err.Error(), "see "+cmd.CommandPath()+" --help")
	})
	root.AddCommand(s.initCommand(), s.doctorCommand(), s.statusCommand(), s.scaleCommand(), s.serviceCommand(), s.gpuCommand(), s.runbookCommand(),
		s.gateCommand(), s.oncallCommand(), s.slackCommand(), s.auditCommand(), s.backupCommand(), s.restoreBackupCommand())
	asUsed(root)
	return root
}

// configured gives a command the flag --config. Only what heeds a flag has it: elsewhere it is refused.
func (s *starter) configured(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&s.configFile, "config", "", "configuration file (default: $EVENKEEL_CONFIG, ./evenkeel.yaml, /etc/evenkeel/evenkeel.yaml)")
	return cmd
}

// onHost gives a command the flags --config and --host.
func (s *starter) onHost(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&s.host, "host", "", "host of the configuration (default: the only one, else this machine's short name)")
	return s.configured(cmd)
}

// onProject gives a command the flags --config, --host and --project; without says what is meant without the latter.
func (s *starter) onProject(cmd *cobra.Command, without string) *cobra.Command {
	cmd.Flags().StringVar(&s.project, "project", "", "Compose project of that host (default: "+without+")")
	return s.onHost(cmd)
}

// unknownCommand refuses words that are no command, with the nearest that is.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see " + cmd.CommandPath() + " --help"
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it only for commands that have no Args
	if all := cmd.SuggestionsFor(args[0]); len(all) > 0 {
		near, ok := strictyaml.Nearest(args[0], all)
		if !ok {
			near = all[0]
		}
		hint = "did you mean " + near + "?"
	}
	return usage(place(cmd), fmt.Sprintf("unknown command %q", args[0]), hint)
}

// place is a command as an error names it, behind the program's own name.
func place(cmd *cobra.Command) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}

// group is a command that only holds others.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: unknownCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(children...)
	return cmd
}

// configuration loads the configuration and finds the host that is meant.
func (s *starter) configuration() (*config.Config, string, config.Host, error) {
	c, err := config.Load(s.configFile)
	if err != nil {
		return nil, "", config.Host{}, badConfiguration(err)
	}
	name, host, err := c.Host(s.host)
	if err != nil {
		return nil, "", config.Host{}, usage("--host", err.Error(), "name one with --host")
	}
	return c, name, host, nil
}

// isTerminal says whether w is a terminal on which a line can be written over.
func isTerminal(w io.Writer) bool { return os.Getenv("TERM") != "dumb" && terminal.Is(w) }

// columns is the width of the terminal that w is. It means nothing where w is none.
func columns(w io.Writer) int {
	if width, ok := terminal.Width(w); ok {
		return width
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return usualColumns
}

// usualColumns is for a terminal that does not say how wide it is: no more than any has.
const usualColumns = 80
