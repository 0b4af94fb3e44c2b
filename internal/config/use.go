package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// GroupFault returns why the group of a runbook cannot be asked, in one line; "" when it can.
func GroupFault(groups map[string][]string, name string) string {
	if _, ok := groups[name]; ok {
		return ""
	}
	if _, ok := oncall.OfGroup(name); ok {
		return fmt.Sprintf("%q names a role on call, and the configuration has no rota; write it under oncall", name)
	}
	if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(groups))); ok {
		return fmt.Sprintf("the configuration has no group %q; did you mean %q?", name, near)
	}
	return fmt.Sprintf("the configuration has no group %q; write it under groups", name)
}

// Argument is what a step gives to a command; the text of a computed one may be known only when it is run.
type Argument struct {
	Text     string
	Computed bool
}

// UseFaults returns everything that keeps a step of a definition from running a command, one line each. Which command
// that is must be written out: an approval would else be for whatever an input names.
func UseFaults(commands map[string]Command, with []runbook.Filled, risk runbook.Risk, idempotent bool) []string {
	value, ok := runbook.Constant(with, "command")
	name, isText := value.(string)
	if !ok || !isText {
		return []string{"the name of the command must be written out, not computed"}
	}
	given := map[string]Argument{}
	for _, f := range with {
		value, _ := runbook.Known(with, f.Name)
		text, isText := value.(string)
		given[f.Name] = Argument{Text: text, Computed: !isText}
	}
	return CommandFaults(commands, name, given, risk, idempotent)
}

// UndoFaults is UseFaults of an undo: no gate stands before it and it is tried several times, whatever its step declares.
func UndoFaults(commands map[string]Command, with []runbook.Filled) []string {
	faults := UseFaults(commands, with, runbook.Destructive, true)
	value, _ := runbook.Constant(with, "command")
	name, _ := value.(string)
	if command := commands[name]; runbook.Write.Below(runbook.Risk(command.Risk)) {
		risky := fmt.Sprintf("an undo runs as write, whatever its step declares, and the command %s is %s; write a command of risk write", name, command.Risk)
		faults = slices.Insert(faults, 0, risky)
	}
	return faults
}

// CommandFaults returns everything that keeps a step from running a command with what it gives, one line each.
func CommandFaults(commands map[string]Command, name string, given map[string]Argument, risk runbook.Risk, idempotent bool) []string {
	command, ok := commands[name]
	if !ok {
		if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(commands))); ok {
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
		case !value.Computed && !arg.Accepts(value.Text):
			add("the command %s takes no %s for %s; it must match %s and not begin with -", name, strictyaml.Quote(value.Text), arg.Name, arg.Pattern)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(takes, of) {
			add("the command %s takes no %s; it takes %s", name, of, strings.Join(takes, ", "))
		}
	}
	return faults
}
