package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func hooked(t *testing.T, m Message) {
	for target, most := range map[Target]int{Mattermost: 4000, Discord: 2000, Teams: 28_000} {
		var all, want []string
		for i, body := range m.Webhook(target) {
			var got struct{ Text, Content string }
			require.NoError(t, json.Unmarshal(body, &got))
			lines := cardLines(t, body)
			if target == Teams {
				require.LessOrEqual(t, len(body), most)
			} else {
				text := got.Text + got.Content
				require.LessOrEqual(t, units(text), most)
				require.Equal(t, 2, strings.Count(text, "`")/3)
				fenced, link, _ := strings.Cut(strings.TrimPrefix(text, fence+"\n"), "\n"+fence)
				require.NotContains(t, link, "@")
				lines = strings.Split(fenced, "\n")
			}
			if i > 0 {
				require.Contains(t, lines[0], "Part ")
				lines = lines[1:]
			}
			for _, line := range lines {
				if rest, ok := strings.CutPrefix(line, lineGoesOn); ok {
					all[len(all)-1] += unspelled(rest)
				} else {
					all = append(all, unspelled(line))
				}
			}
		}
		for _, r := range m.rows() {
			if r.ours {
				want = append(want, r.text)
			} else {
				want = append(want, outside+r.text)
			}
		}
		require.Equal(t, want, all)
	}
}

func cardLines(t *testing.T, body []byte) []string {
	var got struct {
		Attachments []struct {
			Content struct {
				Body []struct{ Inlines []struct{ Text string } }
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &got))
	var out []string
	for _, a := range got.Attachments {
		for _, b := range a.Content.Body {
			out = append(out, b.Inlines[0].Text)
		}
	}
	return out
}

// A title of any length stands in a bounded line, and whole among the lines from outside.
func TestLongTitle(t *testing.T) {
	for _, title := range []string{of(5000), strings.Repeat("資", 3000), strings.Repeat("\x00", 4000), strings.Repeat("\xff", 4000)} {
		m := Message{Title: title, Sections: []Section{{Lines: []string{"x"}}}}
		hooked(t, m)
		rendered(t, m)
		paged(t, m)
		require.Contains(t, m.Text(), outside+plain.text(title)+"\n")
	}
	rendered(t, Message{})
	hooked(t, Message{})
	require.Equal(t, "evenkeel", Page(Message{}))
}
