package message

import (
	"fmt"
	"strconv"
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
	first := []Block{{Type: "header", Text: plainText(title)}}
	var body, tail []Block
	for _, s := range m.Sections {
		body = append(body, s.blocks()...)
	}
	if !whole {
		tail = codeBlocks([]string{m.headline()}, slackCode)
	}
	for _, s := range m.State {
		tail = append(tail, s.blocks()...)
	}
	actions := m.actions()
	context := append(m.Link.blocks(), contextBlocks(m.Context)...)

	n := fitting(body, bodyBytes, bodyBlocks)
	first, rest := append(first, body[:n]...), body[n:]
	note := len(rest) > 0
	if note {
		first = append(first, Block{Type: "section", Text: plainText(threaded)})
	}
	// The buttons come first where not everything fits, and stand behind how things are.
	buttons := fitting(actions, maxTotal-sizeOf(first), maxBlocks-len(first)-1)
	bytes, blocks := maxTotal-sizeOf(first)-sizeOf(actions[:buttons])-size(Block{Type: "section", Text: plainText(threaded)})-2, maxBlocks-len(first)-buttons-1
	n = fitting(tail, bytes, blocks)
	for n < len(tail) && n > 0 && continues(tail[n]) { // what it goes on with would stand behind something else
		n--
	}
	c := 0
	if n == len(tail) {
		c = fitting(context, bytes-sizeOf(tail), blocks-n)
	}
	late := append(append(append(rest, tail[n:]...), actions[buttons:]...), context[c:]...)
	first = append(append(append(first, tail[:n]...), actions[:buttons]...), context[:c]...)
	if len(late) > 0 && !note {
		first = append(first, Block{Type: "section", Text: plainText(threaded)})
	}
	return append([]Post{post(m.fallback(title), first)}, others(title, late)...)
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

// threaded stands in a first post that does not hold all.
const threaded = "The rest is in the thread. Read it before you answer."

// others are the posts behind the first one.
func others(title string, late []Block) []Post {
	var parts [][]Block
	for len(late) > 0 {
		n := max(1, fitting(late, maxTotal-len(title)*2-500, maxBlocks-1))
		parts, late = append(parts, late[:n]), late[n:]
	}
	var out []Post
	for i, part := range parts {
		head := fmt.Sprintf("Part %d of %d: %s", i+2, len(parts)+1, title)
		out = append(out, post(head, append([]Block{{Type: "context", Elements: []any{plainText(head)}}}, part...)))
	}
	return out
}

func post(text string, blocks []Block) Post { return Post{Text: text, Blocks: blocks, Parse: "none"} }

// fitting is how many of the first blocks fit.
func fitting(blocks []Block, bytes, most int) int {
	used := 0
	for i, b := range blocks {
		if used += size(b) + 1; used > bytes || i >= most {
			return i
		}
	}
	return len(blocks)
}

// sizeOf is what blocks take as JSON, with what is around them.
func sizeOf(blocks []Block) int {
	n := len("[]")
	for _, b := range blocks {
		n += size(b) + 1
	}
	return n
}

// actions are the blocks with the buttons.
func (m Message) actions() []Block {
	var out []Block
	for i, b := range m.Buttons {
		e := Element{Type: "button", ActionID: actionPrefix + strconv.Itoa(i), Text: short(b.Text, maxButtonText), Value: b.Value, Style: b.Style}
		if len(out) == 0 || len(out[len(out)-1].Elements) == maxActions || size(out[len(out)-1])+size(e) > buttonsBytes {
			out = append(out, Block{Type: "actions", BlockID: actionsPrefix + strconv.Itoa(len(out))})
		}
		last := &out[len(out)-1]
		last.Elements = append(last.Elements, e)
	}
	return out
}

// What the ids of our buttons and of their blocks begin with.
const (
	actionPrefix  = "answer."
	actionsPrefix = "answers."
)
