package operations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// host are the operations that run a program of this host.
type host struct {
	commands map[string]config.Command
	runner   activities.Runner
}

// run runs a command of the configuration. Nothing of what it prints is kept: it may hold secrets.
func (h host) run(ctx context.Context, t task) (condition.Values, error) {
	name := t.text("command")
	given := map[string]argument{}
	for of := range t.with {
		given[of] = argument{text: t.text(of)}
	}
	faults := h.faults(name, given, t.risk, t.idempotent)
	command, ok := h.commands[name]
	switch {
	case !ok:
		return nil, activities.Fail(activities.NotFound, errors.New(faults[0]))
	case len(faults) > 0:
		return nil, activities.Fail(activities.InvalidInput, errors.New(strings.Join(faults, "; ")))
	}
	argv := slices.Clone(command.Argv)
	for _, arg := range command.Args {
		argv = append(argv, t.text(arg.Name))
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(command.Timeout))
	defer cancel()
	status, err := h.runner.Run(bounded, argv)
	if err != nil {
		if bounded.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("it took longer than %s: %w", command.Timeout, err)
		}
		if class, ok := errors.AsType[*activities.Error](err); ok && class.Class == activities.Unknown && !t.once {
			err = activities.Fail(activities.Unavailable, err) // to run it again is to have run it once
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if status != 0 {
		return nil, activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s ended with exit status %d", name, status))
	}
	return nil, nil
}

// refuse holds a use against the command that it runs. Which one that is must be written out: an approval
// would else be for whatever an input names.
func (h host) refuse(r *refusals, u use) {
	name, ok := u.text("command")
	if !ok {
		r.add(u.at, "the name of the command must be written out, not computed")
		return
	}
	given := map[string]argument{}
	for _, f := range u.with {
		text, fixed := u.text(f.Name)
		given[f.Name] = argument{text: text, computed: !fixed}
	}
	for _, fault := range h.faults(name, given, u.risk, u.idempotent) {
		r.add(u.at, "%s", fault)
	}
}

// argument is what a step gives to a command; the text of a computed one is known when it is run.
type argument struct {
	text     string
	computed bool
}

// faults are all that keeps a step from running a command as it says, in words for whoever wrote it.
func (h host) faults(name string, given map[string]argument, risk runbook.Risk, idempotent bool) []string {
	command, ok := h.commands[name]
	if !ok {
		if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(h.commands))); ok {
			return []string{fmt.Sprintf("the configuration has no command %s; did you mean %q?", strictyaml.Quote(name), near)}
		}
		return []string{fmt.Sprintf("the configuration has no command %s; write it under commands", strictyaml.Quote(name))}
	}
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if risk.Below(runbook.Risk(command.Risk)) {
		add("the command %s is %s, and the step declares %q", name, command.Risk, risk)
	}
	if idempotent && !command.Idempotent {
		add("the configuration does not call the command %s idempotent, and here it may be run more than once", name)
	}
	takes := []string{"command"}
	for _, arg := range command.Args {
		takes = append(takes, arg.Name)
		switch value, there := given[arg.Name]; {
		case !there:
			add("the command %s needs %s", name, arg.Name)
		case !value.computed && !arg.Accepts(value.text):
			add("the command %s takes no %s for %s; it must match %s and not begin with -", name, strictyaml.Quote(value.text), arg.Name, arg.Pattern)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(takes, of) {
			add("the command %s takes no %s; it takes %s", name, of, strings.Join(takes, ", "))
		}
	}
	return faults
}
