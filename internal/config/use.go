package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// GroupFault returns why the group of a runbook cannot be asked, in one line; "" when it can.
func GroupFault(groups map[string][]string, name string) string {
	if _, ok := groups[name]; ok {
		return ""
	}
	if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(groups))); ok {
		return fmt.Sprintf("the configuration has no group %q; did you mean %q?", name, near)
	}
	return fmt.Sprintf("the configuration has no group %q; write it under groups", name)
}

// CommandFaults returns everything that keeps a step of a runbook from running a command, one line each. Which command
// that is must be written out: an approval would else be for whatever an input names.
func CommandFaults(commands map[string]Command, with []runbook.Filled, risk runbook.Risk, idempotent bool) []string {
	value, ok := runbook.Constant(with, "command")
	name, isText := value.(string)
	if !ok || !isText {
		return []string{"the name of the command must be written out, not computed"}
	}
	command, ok := commands[name]
	if !ok {
		if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(commands))); ok {
			return []string{fmt.Sprintf("the configuration has no command %q; did you mean %q?", name, near)}
		}
		return []string{fmt.Sprintf("the configuration has no command %q; write it under commands", name)}
	}
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if risk.Below(runbook.Risk(command.Risk)) {
		add("the command %s is %s, and the step declares %s", name, command.Risk, risk)
	}
	if idempotent && !command.Idempotent {
		add("the configuration does not call the command %s idempotent, and here it may be run more than once", name)
	}
	var takes []string
	for _, arg := range command.Args {
		takes = append(takes, arg.Name)
		given := slices.ContainsFunc(with, func(f runbook.Filled) bool { return f.Name == arg.Name })
		value, fixed := runbook.Constant(with, arg.Name)
		text, _ := value.(string)
		if !given {
			add("the command %s needs %s", name, arg.Name)
		} else if fixed && !arg.Accepts(text) {
			add("the command %s takes no %s for %s; it must match %s and not begin with -", name, strictyaml.Quote(text), arg.Name, arg.Pattern)
		}
	}
	for _, f := range with {
		if f.Name != "command" && !slices.Contains(takes, f.Name) {
			add("the command %s takes no %s; it takes %s", name, f.Name, strings.Join(append([]string{"command"}, takes...), ", "))
		}
	}
	return faults
}
