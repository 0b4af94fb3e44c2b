package message

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Budgets of the first post, in bytes of JSON and in blocks. The sections have the same whatever comes behind them, so
// that a message that takes the place of another has as much of them; at least one block of buttons always fits.
const (
	bodyBytes    = 6000
	bodyBlocks   = 30
	buttonsBytes = 3500
)

// Slack renders the message as posts. The first one has the title and the buttons, as far as Slack takes them at once;
// what does not fit into it is in the others, which belong into its thread, in their order. Nothing is left out.
func (m Message) Slack() []Post {
	title, whole := cut(slackPlain.letters(m.headline(), false), maxHeader)
	var body, state []Block
	for _, s := range m.Sections {
		body = append(body, s.blocks()...)
	}
	if !whole {
		state = codeBlocks([]string{m.headline()}, slackCode)
	}
	for _, s := range m.State {
		state = append(state, s.blocks()...)
	}
	actions, small := m.actions(), slices.Concat(m.Link.blocks(), contextBlocks(m.Context))
	note := Block{Type: "section", Text: plainText(threaded)}
	if len(actions) > 0 {
		note.Text.Text += unread
	}

	p := page{bytes: maxTotal - len("[]") - size(note) - 1, blocks: maxBlocks - 1}
	first, _ := p.take([]Block{{Type: "header", Text: plainText(title)}})
	sections, rest := (&page{bytes: bodyBytes, blocks: bodyBlocks}).take(body)
	_, _ = p.take(sections)
	buttons, moreButtons := p.take(actions) // before all else, though they stand behind how things are
	now, moreState := p.take(state)
	end, moreEnd := small[:0], small
	if len(moreState) == 0 {
		end, moreEnd = p.take(small)
	}
	late := slices.Concat(rest, moreState, moreButtons, moreEnd)
	first = slices.Concat(first, sections)
	if len(rest) > 0 { // behind what it is about
		first = append(first, note)
	}
	first = slices.Concat(first, now, buttons, end)
	if len(rest) == 0 && len(late) > 0 {
		first = append(first, note)
	}
	return append([]Post{post(m.fallback(title), first)}, others(title, late)...)
}

// page is what is left of a post, in bytes of JSON and in blocks.
type page struct{ bytes, blocks int }

// take is as many of the first blocks as fit, and the others. What goes on with a block stays behind it: the others may
// stand behind something else.
func (p *page) take(blocks []Block) (fit, others []Block) {
	n := 0
	for bytes := p.bytes; n < len(blocks) && n < p.blocks; n++ {
		if bytes -= size(blocks[n]) + len(","); bytes < 0 {
			break
		}
	}
	for n < len(blocks) && n > 0 && continues(blocks[n]) {
		n--
	}
	for _, b := range blocks[:n] {
		p.bytes -= size(b) + len(",")
	}
	p.blocks -= n
	return blocks[:n], blocks[n:]
}

// fallback is the text without blocks: as many of the lines as fit behind the title.
func (m Message) fallback(title string) string {
	for _, r := range m.rows()[1:] {
		line := r.spelled(slackPlain)
		if inJSON(title)+inJSON(line)+len(`\n`+ellipsis) > maxFallback {
			return title + ellipsis
		}
		title += "\n" + line
	}
	return title
}

// threaded stands in a first post that does not hold all, and unread behind it where that has buttons.
const (
	threaded = "The rest is in the thread."
	unread   = " Read it before you answer."
)

// others are the posts behind the first one.
func others(title string, late []Block) []Post {
	var parts [][]Block
	for len(late) > 0 {
		n := 1 // one always fits
		for bytes := maxTotal - headBytes - size(late[0]); n < len(late) && n < maxBlocks-1; n++ {
			if bytes -= size(late[n]) + len(","); bytes < 0 {
				break
			}
		}
		parts, late = append(parts, late[:n]), late[n:]
	}
	var out []Post
	for i, part := range parts {
		head := fmt.Sprintf("Part %d of %d: %s", i+2, len(parts)+1, title)
		out = append(out, post(head, append([]Block{{Type: "context", Elements: []any{plainText(head)}}}, part...)))
	}
	return out
}

// headBytes is more than the head of another post takes.
const headBytes = 500

func post(text string, blocks []Block) Post { return Post{Text: text, Blocks: blocks, Parse: "none"} }

// actions are the blocks with the buttons.
func (m Message) actions() []Block {
	var out []Block
	for i, b := range m.Buttons {
		prefix := actionPrefix
		if b.Form {
			prefix = formPrefix
		}
		e := Element{Type: "button", ActionID: prefix + strconv.Itoa(i), Text: short(b.Text, maxButtonText), Value: b.Value, Style: b.Style}
		if len(out) == 0 || len(out[len(out)-1].Elements) == maxActions || size(out[len(out)-1])+size(e) > buttonsBytes {
			out = append(out, Block{Type: "actions", BlockID: actionsPrefix + strconv.Itoa(len(out))})
		}
		last := &out[len(out)-1]
		last.Elements = append(last.Elements, e)
	}
	return out
}

// ActionOf says what a press of a button with that action id does: it answers, or opens a form. One that does neither is
// no button of ours.
func ActionOf(id string) (answers, opens bool) {
	return strings.HasPrefix(id, actionPrefix), strings.HasPrefix(id, formPrefix)
}

// What the ids of our buttons and of their blocks begin with.
const (
	actionPrefix  = "answer."
	formPrefix    = "form."
	actionsPrefix = "answers."
)
