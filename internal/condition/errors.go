package condition

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/operators"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Error is what is wrong with an expression or a template.
type Error struct {
	// Line and Column count from 1, Column in characters. Both are 0 when it is the whole.
	Line, Column int
	// Problem is what is wrong and, after a semicolon, what would be right.
	Problem string
}

// Error returns the fault on one line.
func (e *Error) Error() string {
	switch e.Line {
	case 0:
		return e.Problem
	case 1:
		return fmt.Sprintf("column %d: %s", e.Column, e.Problem)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// MissingError says that a name has no value, which may come later.
type MissingError struct{ Name string }

// Error returns the fault on one line.
func (e *MissingError) Error() string { return e.Name + " has no value" }

func whole(format string, args ...any) *Error { return &Error{Problem: fmt.Sprintf(format, args...)} }

func problemAt(at common.Location, format string, args ...any) *Error {
	if at == nil || at.Line() < 1 {
		return whole(format, args...)
	}
	return &Error{Line: at.Line(), Column: at.Column() + 1, Problem: fmt.Sprintf(format, args...)}
}

// syntaxError says what the parser found first; what follows from it would mislead.
func syntaxError(text string, found *common.Error) *Error {
	problem := strings.TrimPrefix(found.Message, "Syntax error: ")
	if strings.Contains(problem, "limit") {
		return whole("is nested more than %d deep or has more than %d parts; split it", maxDepth, maxNodes)
	}
	at := found.Location
	if at != nil && at.Line() == 1 && at.Column() >= 0 {
		rest := string([]rune(text)[min(at.Column(), len([]rune(text))):])
		word, _, _ := strings.Cut(rest, " ")
		switch {
		case strings.HasPrefix(rest, "="):
			return problemAt(at, "= is no operator; write == to compare")
		case word == "and" || word == "or" || word == "not":
			return problemAt(at, "%s is no operator; write &&, || or !", word)
		}
	}
	return problemAt(at, "is not an expression: %s; check operators, quotes and brackets", tidy(problem))
}

var noOverload = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)

// typeError puts what the checker says into words.
func typeError(found *common.Error) *Error {
	if m := noOverload.FindStringSubmatch(found.Message); m != nil {
		types := celTypes.Replace(m[2])
		if m[1] == operators.Conditional {
			return problemAt(found.Location, "?: does not go with %s; write BOOL ? A : B with A and B of one type", types)
		}
		if operator, ok := operators.FindReverse(m[1]); ok {
			return problemAt(found.Location, "%s does not go with %s; give it values of one type that it knows", operator, types)
		}
		return problemAt(found.Location, "%s does not take %s; give it the type that it knows", m[1], types)
	}
	return problemAt(found.Location, "%s; check the types", tidy(found.Message))
}

// celTypes are the names of types as definitions say them.
var celTypes = strings.NewReplacer("google.protobuf.Timestamp", "time", "timestamp", "time", "google.protobuf.Duration", "duration")

// tidy keeps a message of the library on one line and bounded. It may repeat a text, which can be long.
func tidy(message string) string { return strictyaml.Plain(message, 300) }

// nearest says what would be right instead of an unknown name.
func nearest(name string, valid []string) string {
	const shown = 8
	near, ok := strictyaml.Nearest(name, valid)
	switch {
	case ok:
		return fmt.Sprintf("did you mean %q?", near)
	case len(valid) == 0:
		return "there are no names here; write a constant"
	case len(valid) > shown:
		return fmt.Sprintf("valid names are %s and %d more", strings.Join(valid[:shown], ", "), len(valid)-shown)
	}
	return "valid names are " + strings.Join(valid, ", ")
}
