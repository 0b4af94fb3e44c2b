// Package terminal writes text that may come from anywhere so that a terminal only shows it. A file, a server or
// who tampered with a ledger could otherwise clear the screen, write over a line or turn its direction, and so show
// something else than there is.
package terminal

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"
)

// shows says that a terminal only shows r. Controls, and what turns the direction of the text or cannot be seen, do
// more or less than that.
func shows(r rune) bool { return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) }

// Text returns text with every character that a terminal would obey as \uXXXX, which JSON reads as the same
// character; a newline stays. What is not UTF-8 is \ufffd.
func Text(text string) string {
	return escaped(text, func(r rune) bool { return r == '\n' || shows(r) })
}

// broken is white space that is more than spaces.
var broken = regexp.MustCompile(`[\s\v\x{85}\pZ]*[\t\n\v\f\r\x{85}\x{2028}\x{2029}][\s\v\x{85}\pZ]*`)

// Line returns text as Text does, in one line: white space with a newline, a tab or the like in it is one space.
func Line(text string) string { return escaped(broken.ReplaceAllString(text, " "), shows) }

func escaped(text string, plain func(rune) bool) string {
	var out strings.Builder
	for i, r := range text {
		width := 1
		if r == utf8.RuneError {
			_, width = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r == utf8.RuneError && width == 1:
			out.WriteString(`\ufffd`)
		case plain(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// Writer writes what it is given as Text returns it.
type Writer struct {
	to io.Writer
	// rest is the beginning of a character whose end was not written yet.
	rest []byte
}

// NewWriter returns a Writer to to.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write writes text. A character at its end that is not complete waits for the next Write, or for Flush.
func (w *Writer) Write(text []byte) (int, error) {
	all := append(w.rest, text...)
	end := len(all)
	for back := 1; back <= min(utf8.UTFMax-1, len(all)); back++ {
		if at := len(all) - back; utf8.RuneStart(all[at]) {
			if !utf8.FullRune(all[at:]) {
				end = at
			}
			break
		}
	}
	w.rest = append([]byte(nil), all[end:]...)
	if _, err := io.WriteString(w.to, Text(string(all[:end]))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Flush writes what waits.
func (w *Writer) Flush() error {
	rest := w.rest
	w.rest = nil
	_, err := io.WriteString(w.to, Text(string(rest)))
	return err
}

// Control writes a sequence that the terminal is to obey.
func (w *Writer) Control(sequence string) { _, _ = io.WriteString(w.to, sequence) }

// Printf writes a format of our own, newlines included, with arguments that may come from anywhere: each is in one
// line.
func (w *Writer) Printf(format string, args ...any) {
	fields := make([]any, len(args))
	for i, arg := range args {
		fields[i] = field{arg}
	}
	fmt.Fprintf(w, format, fields...)
}

// field is an argument of Printf.
type field struct{ value any }

// Format formats the value and makes one line of that.
func (f field) Format(state fmt.State, verb rune) {
	_, _ = io.WriteString(state, Line(fmt.Sprintf(fmt.FormatString(state, verb), f.value)))
}

// Is says whether what is written to w, or through a Writer to w, goes to a terminal.
func Is(w io.Writer) bool {
	f, ok := file(w)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns how many columns the terminal w has; false where it is none or does not say.
func Width(w io.Writer) (int, bool) {
	if f, ok := file(w); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width, true
		}
	}
	return 0, false
}

func file(w io.Writer) (*os.File, bool) {
	if through, ok := w.(*Writer); ok {
		w = through.to
	}
	f, ok := w.(*os.File)
	return f, ok
}

// PrintError writes an error behind the name of the program, one line for each of those that were joined.
func PrintError(w io.Writer, program string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			PrintError(w, program, one)
		}
		return
	}
	fmt.Fprintf(w, "%s: %s\n", program, Line(err.Error()))
}
