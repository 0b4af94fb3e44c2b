package message

import (
	"errors"
	"fmt"
	"strings"
)

// Payload is a Post or a View.
type Payload interface{ faults(*faults) }

// Check says what Slack would not take of a payload, or what in its texts Slack would obey without being told so by this
// package; nil when there is nothing. Lengths are in characters.
func Check(p Payload) error {
	var f faults
	p.faults(&f)
	return errors.Join(f...)
}

type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// length checks that a text has 1 to most characters.
func (f *faults) length(what, text string, most int) {
	if n := units(text); n == 0 || n > most {
		f.add("%s has %d characters; it has to have 1 to %d", what, n, most)
	}
}

func (p Post) faults(f *faults) {
	f.length("text", p.Text, maxFallback)
	f.escaped("text", p.Text)
	if p.Parse != "none" || p.Mrkdwn || p.LinkNames || p.UnfurlLinks || p.UnfurlMedia {
		f.add("the flags let Slack find mentions and links by itself")
	}
	f.blocks(p.Blocks, maxBlocks)
	if n := size(p.Blocks); n > maxTotal {
		f.add("the blocks take %d bytes; a message may have %d", n, maxTotal)
	}
}

func (v View) faults(f *faults) {
	if v.Type != "modal" {
		f.add("a view is a modal, and not %q", v.Type)
	}
	f.length("callback_id", v.CallbackID, maxBlockID)
	f.plain("title", v.Title, maxViewTitle)
	f.plain("submit", v.Submit, maxViewTitle)
	f.plain("close", v.Close, maxViewTitle)
	if n := units(v.PrivateMetadata); n > maxMetadata {
		f.add("private_metadata has %d characters; it may have %d", n, maxMetadata)
	}
	f.blocks(v.Blocks, maxViewBlocks)
}

func (f *faults) blocks(blocks []Block, most int) {
	if n := len(blocks); n == 0 || n > most {
		f.add("there are %d blocks; there have to be 1 to %d", n, most)
	}
	ids, actions := map[string]bool{}, map[string]bool{}
	for i, b := range blocks {
		at := fmt.Sprintf("block %d, a %s:", i, b.Type)
		f.id(at+" block_id", b.BlockID, ids, b.Type == "actions" || b.Type == "input")
		f.block(at, b)
		for _, e := range b.Elements {
			if e, ok := e.(Element); ok {
				f.id(at+" action_id", e.ActionID, actions, true)
			}
		}
		if b.Element != nil {
			f.id(at+" action_id", b.Element.ActionID, actions, true)
		}
	}
}

// id checks one of ours: unique, and there where Slack would otherwise invent one, by which a press is nobody's.
func (f *faults) id(what, id string, seen map[string]bool, needed bool) {
	switch {
	case id == "" && !needed:
		return
	case id == "" || units(id) > maxBlockID:
		f.add("%s has %d characters; it has to have 1 to %d", what, units(id), maxBlockID)
	case seen[id]:
		f.add("%s %q is there twice", what, id)
	}
	seen[id] = true
}

func (f *faults) block(at string, b Block) {
	switch b.Type {
	case "header":
		f.plain(at, b.Text, maxHeader)
	case "section":
		f.text(at, b.Text)
	case "context":
		f.count(at, len(b.Elements), maxContext)
		for _, e := range b.Elements {
			text, _ := e.(*Text)
			f.plain(at, text, maxText)
		}
	case "actions":
		f.count(at, len(b.Elements), maxActions)
		for _, e := range b.Elements {
			button, ok := e.(Element)
			if !ok || button.Type != "button" {
				f.add("%s it holds something else than buttons", at)
				continue
			}
			f.plain(at+" button", button.Text, maxButtonText)
			f.length(at+" the value of the button", button.Value, maxButtonValue)
		}
	case "input":
		f.input(at, b)
	default:
		f.add("%s there is no such block", at)
	}
}

func (f *faults) count(at string, n, most int) {
	if n == 0 || n > most {
		f.add("%s it has %d elements; it has to have 1 to %d", at, n, most)
	}
}

// text checks a text object of a section.
func (f *faults) text(at string, t *Text) {
	if t == nil || t.Type != "mrkdwn" {
		f.plain(at, t, maxText)
		return
	}
	f.length(at+" text", t.Text, maxText)
	if !t.Verbatim {
		f.add("%s Slack would find mentions and links in it by itself", at)
	}
	f.obeyed(at, t.Text)
}

// plain checks a text object that Slack only shows.
func (f *faults) plain(at string, t *Text, most int) {
	if t == nil || t.Type != "plain_text" {
		f.add("%s it needs a plain_text", at)
		return
	}
	f.length(at+" text", t.Text, most)
	f.escaped(at, t.Text)
	if t.Emoji == nil || *t.Emoji {
		f.add("%s Slack would draw :NAME: in it as pictures", at)
	}
}

// escaped checks that Slack is told nothing by a text, and that nothing in it hides.
func (f *faults) escaped(at, text string) {
	if rest := entities.Replace(text); strings.ContainsAny(rest, "<>&") {
		f.add("%s it holds a <, > or & that is not escaped", at)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !shows(r) {
			f.add("%s it holds the character %U, which nobody sees", at, r)
			return
		}
	}
}

// entities takes away those three that are escaped.
var entities = strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "")
