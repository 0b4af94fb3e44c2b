package message

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var numbers = regexp.MustCompile(`\\([ux])\{([0-9a-f]+)\}`)

// unspelled reads back what a spelling has written.
func unspelled(text string) string {
	return numbers.ReplaceAllStringFunc(text, func(s string) string {
		m := numbers.FindStringSubmatch(s)
		n, _ := strconv.ParseUint(m[2], 16, 32)
		if m[1] == "x" {
			return string([]byte{byte(n)})
		}
		return string(rune(n))
	})
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func readBack(text string) string { return unspelled(unescape.Replace(text)) }

// reader are the lines that a reader sees, read back, without headers, links, notes and the heads of parts.
type reader struct {
	lines []string
	// last is the last line between fences.
	last int
}

func (r *reader) read(t *testing.T, blocks []Block) {
	for _, b := range blocks {
		switch {
		case b.Type == "section" && (b.Text.Text == threaded || b.Text.Text == threaded+unread):
		case b.Type == "section" && b.Text.Type == "plain_text":
			for line := range strings.SplitSeq(b.Text.Text, "\n") {
				r.lines = append(r.lines, readBack(line))
			}
		case b.Type == "section" && !strings.HasPrefix(b.Text.Text, "<"):
			text, on := strings.CutPrefix(b.Text.Text, goesOn)
			require.Equal(t, 2, strings.Count(text, fence), "%q", text)
			text = strings.TrimSuffix(strings.TrimPrefix(text, fence+"\n"), "\n"+fence)
			require.NotContains(t, text, "`")
			for i, line := range strings.Split(text, "\n") {
				if i == 0 && on {
					r.lines[r.last] += readBack(line)
				} else {
					r.last = len(r.lines)
					r.lines = append(r.lines, readBack(line))
				}
			}
		case b.Type == "context":
			for _, e := range b.Elements {
				r.lines = append(r.lines, readBack(e.(*Text).Text))
			}
		}
	}
}

// saidBy are the lines that a message has to show.
func saidBy(m Message) []string {
	var out []string
	if text, whole := cut(slackPlain.letters(m.headline(), false), maxHeader); !whole || text == "" {
		out = append(out, m.headline())
	}
	for _, s := range append(append([]Section{}, m.Sections...), m.State...) {
		if s.Heading != "" {
			out = append(out, s.Heading)
		}
		for _, f := range s.Facts {
			out = append(out, f.Name+": "+f.Value)
		}
		for _, line := range s.Lines {
			if line == "" {
				line = " "
			}
			out = append(out, line)
		}
	}
	for _, line := range m.Context {
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}

// obeyed checks without Check that no text of a payload has anything that Slack obeys, but for the link of ours.
func nothingObeyed(t *testing.T, payload any, link string) {
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, inner := range v {
				if text, ok := inner.(string); ok && key == "text" && text != link {
					bare := strings.NewReplacer("&lt;", "", "&gt;", "", "&amp;", "").Replace(text)
					require.False(t, strings.ContainsAny(bare, "<>&"), "%q", text)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	text, err := json.Marshal(payload)
	require.NoError(t, err)
	var value any
	require.NoError(t, json.Unmarshal(text, &value))
	walk(value)
}
