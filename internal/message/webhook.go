package message

import (
	"fmt"
	"strings"
)

// Target is what a webhook belongs to. It takes a message and gives nothing back: there are no buttons.
type Target string

// The targets.
const (
	Mattermost Target = "mattermost"
	Discord    Target = "discord"
	Teams      Target = "teams"
)

// format is how a target's lines are spelled, how long those of one body are, and what each takes beside its text, in
// bytes of JSON. With a head and the fences that is less than the 4,000 characters of the oldest Mattermost, the 2,000
// of Discord and the 28 KB of Teams, where each line has a container.
func (t Target) format() (s spelling, most, each int) {
	switch t {
	case Discord:
		return fenced, 1750, len(`\n`)
	case Mattermost:
		return fencedMattermost, 3700, len(`\n`)
	case Teams:
	}
	return plain, 20_000, 120
}

// Webhook renders the message as the bodies that are posted to a target, in their order. All of it is between fences,
// or of a kind that the target formats nothing in, but for the address of the link. Nothing is left out.
func (m Message) Webhook(t Target) [][]byte {
	s, most, each := t.format()
	title, _ := cut(s.letters(m.headline(), false), maxHeader)
	parts := m.parts(s, most-len(m.Link.url), each)
	var out [][]byte
	for i, lines := range parts {
		if i == 0 {
			out = append(out, t.body(lines, m.Link))
		} else {
			out = append(out, t.body(append([]string{fmt.Sprintf("Part %d of %d: %s", i+1, len(parts), title)}, lines...), Link{}))
		}
	}
	return out
}

// lineGoesOn stands before what goes on with the line from outside that the part before it ended in.
const lineGoesOn = "+ "

// parts are the lines of the bodies. A line of ours is never cut.
func (m Message) parts(s spelling, most, each int) [][]string {
	parts := [][]string{nil}
	used := 0
	add := func(line string) {
		if used+inJSON(line)+each > most && used > 0 {
			parts, used = append(parts, nil), 0
		}
		last := len(parts) - 1
		parts[last], used = append(parts[last], line), used+inJSON(line)+each
	}
	for _, r := range m.rows() {
		if r.ours {
			add(r.spelled(s))
			continue
		}
		for i, piece := range pieces(s.letters(r.text, true), most-len(lineGoesOn)-each) {
			if i == 0 {
				add(outside + piece)
			} else {
				add(lineGoesOn + piece)
			}
		}
	}
	return parts
}

// body is what is posted.
func (t Target) body(lines []string, l Link) []byte {
	if t == Teams {
		return encoded(card(lines, l))
	}
	text := fence + "\n" + strings.Join(lines, "\n") + "\n" + fence
	if l.url != "" {
		text += "\n" + l.url
	}
	if t == Discord {
		// The flag is SUPPRESS_EMBEDS: no preview of what a link leads to.
		return encoded(map[string]any{"content": text, "allowed_mentions": map[string]any{"parse": []string{}}, "flags": 1 << 2})
	}
	return encoded(map[string]any{"text": text})
}

// card is a message of Teams: each line is a run of text, in which Teams formats nothing.
func card(lines []string, l Link) any {
	var body []any
	for _, line := range lines {
		run := map[string]any{"type": "TextRun", "text": line, "fontType": "Monospace"}
		body = append(body, map[string]any{"type": "RichTextBlock", "spacing": "None", "inlines": []any{run}})
	}
	content := map[string]any{"type": "AdaptiveCard", "version": "1.4", "body": body}
	if l.url != "" {
		content["actions"] = []any{map[string]any{"type": "Action.OpenUrl", "title": plain.line(l.text), "url": l.url}}
	}
	return map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": content},
	}}
}
