package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Error is one fault of a file.
type Error struct {
	File string
	// Line and Column count from 1.
	Line, Column int
	// Field is the path of the key, such as "replicas.max" or "disabled[0]"; empty for the file.
	Field string
	// Problem is what is wrong and, after a semicolon, what would be right.
	Problem string
}

// Error returns the fault as one line, file:line:column: field: problem.
func (e *Error) Error() string {
	where := fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Field != "" {
		where += e.Field + ": "
	}
	return where + e.Problem
}

// Errors are all faults of a file in the order of their lines.
type Errors []*Error

// Error returns one line for each fault.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the faults in the order of their lines, each once: what is reached through an
// alias as well as through its anchor has its faults twice.
func (es Errors) sorted() Errors {
	out := slices.Clone(es)
	slices.SortStableFunc(out, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(out, func(a, b *Error) bool { return *a == *b })
}

// shown bounds what a message repeats of the file, in bytes.
const shown = 60

// Quote makes text from a file fit for a message: on one line, in quotes and not too long.
func Quote(s string) string { return strconv.Quote(cut(s, shown)) }

// plain is Quote for what stands in the file without quotes, such as a number.
func plain(s string) string { return Plain(s, shown) }

// Plain makes text fit for a message without quotes around it: on one line, with what cannot be seen escaped, and cut
// after limit bytes. Quotes within it stay as they are.
func Plain(s string, limit int) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(cut(strings.Join(strings.Fields(s), " "), limit), "\uFFFD") {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return out.String()
}

// cut ends what is longer than limit bytes in "…".
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// oneLine keeps control characters out of a message, which may come from a key of the file.
func oneLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
