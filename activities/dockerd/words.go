package dockerd

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxLines and maxSaid bound what is repeated of a container's words, in lines and bytes.
	maxLines = 20
	maxSaid  = 4 << 10
)

// escapes are what terminals take for commands: colours, movements, titles.
var escapes = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-_])")

// printable takes out of text what would move a cursor or hide another word: escape sequences and all
// characters that are not to be seen, but for the ends of lines.
func printable(text string) string {
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "�"), "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// masked puts ${NAME} in place of the values of environment, a list of "NAME=value": they may be
// secrets. Values shorter than 8 bytes are none worth the name and would tear ordinary words apart;
// paths say where something is. Of a value of several lines each one counts, as programs print them.
func masked(text string, environment []string) string {
	type variable struct{ name, value string }
	var found []variable
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(value, "/") {
			continue
		}
		for _, part := range append(strings.Split(value, "\n"), value) {
			if part = strings.TrimSpace(part); len(part) >= 8 {
				found = append(found, variable{name, part})
			}
		}
	}
	// The longest first: a value may hold another one.
	slices.SortFunc(found, func(a, b variable) int {
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.name, b.name))
	})
	for _, v := range found {
		text = strings.ReplaceAll(text, v.value, "${"+v.name+"}")
	}
	return text
}

// lastLines returns the end of what a program wrote, fit to be shown to people: masked before
// anything is taken out or cut, because half a secret is not recognised any more.
func lastLines(text string, environment []string) []string {
	text = strings.TrimSpace(masked(printable(masked(text, environment)), environment))
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-maxLines):]
	left := maxSaid
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimRight(lines[i], " ")
		if len(line) > left {
			cut := strings.ToValidUTF8(line[len(line)-max(0, left-len("…")):], "")
			if left <= len("…") {
				return lines[i+1:]
			}
			lines[i] = "…" + cut
			return lines[i:]
		}
		lines[i] = line
		left -= len(line)
	}
	return lines
}

// tail keeps the last size bytes that are written to it.
type tail struct {
	size int
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	// Only now and then, so that many small writes do not copy much.
	if len(t.kept) > 2*t.size {
		t.kept = slices.Clone(t.kept[len(t.kept)-t.size:])
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept[max(0, len(t.kept)-t.size):]) }
