package main

import (
	"fmt"
	"io"
)

const usage = `Usage: demo

Starts a Compose project and evenkeel on this machine, scales the service app from 1 to 4 and back under
load, and shows a table. The last line is "failed = N". On a terminal everything then runs on until Ctrl-C.
The project is called evenkeel-demo; what is left of an earlier demo is removed first.

GPU_USED_MB=N in the environment adds a made-up GPU with that much of its memory used.
`

// arguments returns false where there is nothing to run: help was asked for (exit code 0), or the arguments are
// wrong (2).
func arguments(args []string, out, faults io.Writer) (code int, proceed bool) {
	for _, arg := range args {
		if arg == "--help" || arg == "-h" || arg == "help" {
			fmt.Fprint(out, usage)
			return 0, false
		}
	}
	if len(args) > 0 {
		fmt.Fprintf(faults, "demo: %q is not known: it takes no arguments; see --help\n", args[0])
		return 2, false
	}
	return 0, true
}
