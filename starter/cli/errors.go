package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
)

// The exit codes that scripts may rely on.
const (
	exitDone     = 0
	exitNo       = 1
	exitUsage    = 2
	exitMissing  = 3
	exitFailed   = 4
	exitDetached = 130
)

// failure is an error as a person reads it: `starter: WHERE: WHAT; WHAT TO DO`.
type failure struct {
	code  int
	class string
	where string
	what  string
	hint  string
}

// Error returns the line without the program's name.
func (f *failure) Error() string {
	line := f.what
	if f.where != "" {
		line = f.where + ": " + line
	}
	if f.hint != "" {
		line += "; " + f.hint
	}
	// Whatever a server or a library said, the error stays one line.
	return strings.Join(strings.Fields(line), " ")
}

func usage(where, what, hint string) error {
	return &failure{code: exitUsage, class: activities.InvalidInput, where: where, what: what, hint: hint}
}

func missing(where, what, hint string) error {
	return &failure{code: exitMissing, class: activities.Unavailable, where: where, what: what, hint: hint}
}

func no(where, what, hint string) error {
	return &failure{code: exitNo, class: activities.PreconditionFailed, where: where, what: what, hint: hint}
}

func failed(where, what, hint string) error {
	return &failure{code: exitFailed, class: activities.Unknown, where: where, what: what, hint: hint}
}

// answered ends a command whose output already says everything.
type answered int

// Error exists for the error interface; it is never printed.
func (a answered) Error() string { return fmt.Sprintf("exit %d", int(a)) }

// report prints err as its one line and returns the exit code.
func (s *starter) report(err error) int {
	var done answered
	var f *failure
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &done):
		return int(done)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(s.Err, "starter: detached; what runs goes on")
		return exitDetached
	case !errors.As(err, &f):
		f = &failure{code: exitUsage, class: activities.InvalidInput, what: err.Error(), hint: "see starter --help"}
	}
	if s.output == "json" {
		line, _ := json.Marshal(map[string]any{"error": map[string]string{"type": f.class, "message": strings.TrimSpace(f.where + " " + f.what), "hint": f.hint}})
		fmt.Fprintln(s.Err, string(line))
		return f.code
	}
	for _, line := range strings.Split(f.Error(), "\n") {
		fmt.Fprintln(s.Err, "starter: "+line)
	}
	return f.code
}
