package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/terminal"
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
	if f.hint != "" {
		return strings.TrimSuffix(f.message(), ".") + "; " + oneLine(f.hint)
	}
	return f.message()
}

// message is the line without what to do.
func (f *failure) message() string {
	if f.where != "" {
		return oneLine(f.where + ": " + f.what)
	}
	return oneLine(f.what)
}

// oneLine makes one line of whatever a server or a library said.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// printable makes one line, of which a terminal obeys nothing, of what a definition or a person wrote. It is for text
// that is cut or measured; what is only printed becomes that by itself.
func printable(text string) string { return terminal.Line(oneLine(text)) }

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

// interrupted is the end by Ctrl-C; what says what goes on.
func interrupted(what string) error {
	return &failure{code: exitDetached, class: activities.Unknown, what: "interrupted", hint: what}
}

// answered ends a command whose output already says everything.
type answered int

// Error exists for the error interface; it is never printed.
func (a answered) Error() string { return fmt.Sprintf("exit %d", int(a)) }

// report prints err, one line for each failure in it, and returns the exit code.
func (s *starter) report(err error) int {
	var done answered
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &done):
		return int(done)
	case errors.Is(err, context.Canceled):
		err = interrupted(cmp.Or(s.begun, "nothing was started"))
	}
	all := failures(err)
	code := exitDone
	var messages []string
	for _, f := range all {
		code = max(code, f.code)
		messages = append(messages, f.message())
		if s.output != "json" {
			s.Err.Printf("starter: %s\n", f.Error())
		}
	}
	if s.output == "json" {
		line, _ := json.Marshal(map[string]any{"error": map[string]string{
			"type": all[0].class, "message": strings.Join(messages, "\n"), "hint": oneLine(all[0].hint),
		}})
		s.Err.Printf("%s\n", string(line))
	}
	return code
}

// failures are the errors that were joined. What is no failure comes from the parser of the command line.
func failures(err error) []*failure {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*failure
		for _, one := range joined.Unwrap() {
			all = append(all, failures(one)...)
		}
		return all
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{code: exitUsage, class: activities.InvalidInput, what: err.Error(), hint: "see starter --help"}
	}
	return []*failure{f}
}
