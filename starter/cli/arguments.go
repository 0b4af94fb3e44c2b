package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// asUsed makes all commands below cmd take the arguments that their usage lines name, so that one never says other
// than the other.
func asUsed(cmd *cobra.Command) {
	for _, child := range cmd.Commands() {
		if asUsed(child); !child.HasSubCommands() {
			child.Args = arguments
		}
	}
}

// arguments refuses a command line that does not fit the usage line of the command, and says which argument it is: of
// the words there one in brackets may be left out, and one with dots behind it repeated.
func arguments(cmd *cobra.Command, args []string) error {
	hint := "usage: " + cmd.UseLine()
	wanted := strings.Fields(cmd.Use)[1:]
	repeated := false
	for i, word := range wanted {
		name, more := strings.CutSuffix(word, "...")
		inner, optional := strings.CutSuffix(name, "]")
		if optional = optional && strings.HasPrefix(name, "["); optional {
			name = inner[1:]
		}
		repeated = more
		switch {
		case i >= len(args) && !optional:
			return usage(place(cmd), name+" is missing", hint)
		case i < len(args) && args[i] == "":
			return usage(place(cmd), name+" is empty", hint)
		}
	}
	switch {
	case len(args) <= len(wanted) || repeated:
		return nil
	case len(wanted) == 0:
		return usage(place(cmd), fmt.Sprintf("it takes no argument such as %q", args[0]), hint)
	default:
		return usage(place(cmd), fmt.Sprintf("%q is one argument too many", args[len(wanted)]), hint)
	}
}
