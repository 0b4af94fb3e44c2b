package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// host are the operations that run a program of this host.
type host struct {
	commands map[string]config.Command
	runner   activities.Runner
}

// run runs a command of the configuration. Nothing of what it prints is kept: it may hold secrets.
func (h host) run(ctx context.Context, t task) (condition.Values, error) {
	name := t.text("command")
	given := map[string]config.Argument{}
	for of := range t.with {
		given[of] = config.Argument{Text: t.text(of)}
	}
	faults := config.CommandFaults(h.commands, name, given, t.risk, t.idempotent)
	command, ok := h.commands[name]
	switch {
	case !ok:
		return nil, activities.Fail(activities.NotFound, errors.New(faults[0]))
	case len(faults) > 0:
		return nil, activities.Fail(activities.InvalidInput, errors.New(strings.Join(faults, "; ")))
	}
	argv := lineOf(command).With(t.with)
	if !t.undo && !slices.Equal(argv, t.argv) {
		return nil, activities.Fail(activities.NotBegun, fmt.Errorf(
			"the configuration has changed since the run began: the command %s is %q now, and was %q; start the runbook again", name, argv, t.argv))
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(command.Timeout))
	defer cancel()
	status, err := h.runner.Run(bounded, argv)
	if err != nil {
		if bounded.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("it took longer than %s: %w", command.Timeout, err)
		}
		if activities.ClassOf(err) == activities.Unknown && !t.once {
			err = activities.Fail(activities.Unavailable, err) // to run it again is to have run it once
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if status != 0 {
		class := activities.Unavailable // what is idempotent is tried again
		if t.once {
			class = activities.PreconditionFailed
		}
		return nil, activities.Fail(class, fmt.Errorf("%s ended with exit status %d", name, status))
	}
	return nil, nil
}

func lineOf(c config.Command) runbook.CommandLine {
	line := runbook.CommandLine{Argv: c.Argv}
	for _, arg := range c.Args {
		line.Args = append(line.Args, arg.Name)
	}
	return line
}

// CommandLines are the commands of the configuration that a program runs, by name.
func (o *Operations) CommandLines(p runbook.Program) map[string]runbook.CommandLine {
	lines := map[string]runbook.CommandLine{}
	for _, name := range p.Commands() {
		if command, ok := o.commands[name]; ok {
			lines[name] = lineOf(command)
		}
	}
	return lines
}

// refuse holds a use against the command that it runs.
func (h host) refuse(r *refusals, u use) {
	for _, fault := range config.UseFaults(h.commands, u.with, u.risk, u.idempotent) {
		r.add(u.at, "%s", fault)
	}
}
