package dockerd

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/evenkeel/evenkeel/activities"
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

// lastLines returns the end of what a program wrote, fit to be shown to people: masked before
// anything is taken out or cut, because half a secret is not recognised any more.
func lastLines(text string, environment []string) []string {
	text = strings.TrimSpace(activities.Mask(printable(activities.Mask(text, environment)), environment))
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
