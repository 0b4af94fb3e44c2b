package runbook

import (
	"slices"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// CommandOperation runs a command that the host's configuration names.
const CommandOperation = "command.run"

// CommandLine is a command of the host's configuration as it was when the run began. A person approves the program and
// its arguments, and not a name behind which they may be changed.
type CommandLine struct {
	// Argv is the program with its first arguments, Args the names of those that a step gives, in their order.
	Argv []string `json:"argv"`
	Args []string `json:"args,omitempty"`
}

// With is the whole line for what a step gives, each a text.
func (c CommandLine) With(given condition.Values) []string {
	line := slices.Clone(c.Argv)
	for _, name := range c.Args {
		text, _ := given[name].(string)
		line = append(line, text)
	}
	return line
}

// Commands are the names of the commands that the steps run, each once.
func (p Program) Commands() []string {
	var names []string
	for _, n := range p.Nodes {
		value, _ := Constant(n.Step.With, "command")
		if name, ok := value.(string); ok && n.Step.Uses == CommandOperation && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// argv is the line that a use of an operation runs; nil where it runs none, or one that the configuration did not have.
func (p Program) argv(uses string, with condition.Values) []string {
	name, _ := with["command"].(string)
	line, ok := p.Lines[name]
	if uses != CommandOperation || !ok {
		return nil
	}
	return line.With(with)
}
