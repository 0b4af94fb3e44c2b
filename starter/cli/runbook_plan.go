package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/textfile"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/connect"
)

func (s *starter) runbookPlanCommand() *cobra.Command {
	var o runbookOptions
	cmd := &cobra.Command{
		Use: "plan NAME|FILE", Short: "Show what a run would do now, and change nothing",
		Long: `Show what a run would do now, and change nothing: reads are done, writes are only shown, with their undo. The
last line is the SHA-256 of the plan, for starter runbook run --plan. A file need not be installed, but the
runbooks that it calls must be.

The exit code is 1 when the run would be refused or suppressed.`,
		Example: "  starter runbook plan llm_failure_response -p model=llama3_8b\n  starter runbook plan ./mine.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dryRun = true
			return s.runbook(cmd.Context(), args[0], o)
		},
	}
	paramFlag(cmd, &o.params, "NAME=VALUE of an input; may be repeated")
	return s.onProject(cmd, "the only one")
}

func paramFlag(cmd *cobra.Command, params *[]string, what string) {
	cmd.Flags().StringArrayVarP(params, "param", "p", nil, what)
}

// parseParams reads NAME=VALUE. The values stay text: who declares the names gives them their types.
func parseParams(params []string) (condition.Values, error) {
	values := condition.Values{}
	for _, param := range params {
		name, value, ok := strings.Cut(param, "=")
		if !ok || name == "" {
			return nil, usage("-p", fmt.Sprintf("%q is not NAME=VALUE", param), "write a name and its value, such as model=llama3_8b")
		}
		if name[0] == '-' { // in what is signed, it is a flag
			return nil, usage("-p", name+" is no name of an input", "a name begins with a letter, a digit or _")
		}
		if _, twice := values[name]; twice {
			return nil, usage("-p", name+" is given twice", "give each name once")
		}
		values[name] = value
	}
	return values, nil
}

// runbookBytes is the size above which no runbook is read.
const runbookBytes = 256 << 10

// runbookCall reads the words of a command line: the name of a runbook or a file, and inputs.
func runbookCall(arg string, params []string) (activities.RunbookCall, error) {
	var call activities.RunbookCall
	var err error
	if call.Inputs, err = parseParams(params); err != nil {
		return call, err
	}
	if !strings.Contains(arg, "/") && !strings.HasSuffix(arg, ".yaml") {
		call.Name = arg
		return call, nil
	}
	call.File = arg
	call.Text, err = readRunbook(arg)
	return call, err
}

func readRunbook(file string) (string, error) {
	text, err := textfile.Read(file, runbookBytes)
	switch {
	case err != nil:
		return "", usage("runbook", err.Error(), "name a file, or an installed runbook of starter runbook list")
	case len(text) == 0:
		return "", usage(file, "the file is empty", "write a runbook")
	}
	return string(text), nil
}

// planRunbook asks the host's worker for the plan.
func planRunbook(ctx context.Context, c *connect.Connection, call activities.RunbookCall) (activities.RunbookPlan, error) {
	var runbooks *activities.Runbooks
	var plan activities.RunbookPlan
	err := ask(ctx, c, call.Host, "plan of runbook "+call.Name+call.File, &plan, runbooks.PlanRunbook, call)
	f, ok := errors.AsType[*failure](err)
	if !ok || f.class != activities.NotFound && f.class != activities.InvalidInput {
		return plan, err
	}
	// What is wrong is the runbook or what it is given, not the host; each fault of a file is a line.
	var faults []error
	for line := range strings.Lines(f.what) {
		faults = append(faults, &failure{code: exitUsage, class: f.class, what: line})
	}
	return plan, errors.Join(faults...)
}

// unread says that the worker has not read a runbook as it stands in a file of this machine; empty when it has, or when
// no file of its own is here. theirs is the SHA-256 of the text that the worker has; empty when it has none.
func unread(c *config.Config, call activities.RunbookCall, theirs string) string {
	set, err := templates.Open(c)
	if call.Text != "" || err != nil { // the worker's own answer stands
		return ""
	}
	file, ours, own := set.OwnRunbook(call.Name)
	if !own || ours == theirs {
		return ""
	}
	return fmt.Sprintf("the worker of %s has not read %s as it is now; restart `evenkeel` or `worker` there", call.Host, file)
}
