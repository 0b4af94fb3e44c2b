package message

import (
	"cmp"
	"strings"
)

// textBytes is what the text of one block takes at most, as JSON. It is less than Slack allows: a text in the spelling
// of a place stands with a mark and a fence.
const textBytes = 2800

// blocks are those of a section: the heading and the facts as plain text, then the lines between fences.
func (s Section) blocks() []Block {
	facts, long := s.facts()
	if s.Heading != "" {
		facts = append([]string{s.Heading}, facts...)
	}
	out := plainBlocks(facts)
	return append(out, codeBlocks(append(long, s.Lines...), slackCode)...)
}

// plainBlocks show lines that are short and begin with words of ours.
func plainBlocks(lines []string) []Block {
	var out []Block
	var text string
	flush := func() {
		if text != "" {
			out = append(out, Block{Type: "section", Text: plainText(text)})
		}
		text = ""
	}
	for _, line := range lines {
		shown, _ := cut(slackPlain.letters(line, false), textBytes) // it is factMax, or a heading of ours
		if inJSON(text)+inJSON(shown) > textBytes {
			flush()
		}
		text = strings.TrimPrefix(text+"\n"+shown, "\n")
	}
	flush()
	return out
}

const fence = "```"

// goesOn stands over what goes on with the line that the fence before it ended in.
const goesOn = "_The last line goes on:_\n"

func continues(b Block) bool { return b.Text != nil && strings.HasPrefix(b.Text.Text, goesOn) }

// codeBlocks show lines from anywhere between fences. Nothing in them is formatted, and there is no line of ours. An
// empty line is a blank: Slack would take two fences without anything between them for letters.
func codeBlocks(lines []string, s spelling) []Block {
	var out []Block
	var text []string
	used := 0
	flush := func(mark string) {
		if len(text) > 0 {
			out = append(out, Block{Type: "section", Text: mrkdwn(mark + fence + "\n" + strings.Join(text, "\n") + "\n" + fence)})
		}
		text, used = nil, 0
	}
	for _, line := range lines {
		if line == "" {
			line = " "
		}
		shown := pieces(s.letters(line, true), textBytes)
		if n := inJSON(shown[0]) + len(`\n`); len(shown) > 1 || used+n > textBytes {
			flush("")
		}
		for i, piece := range shown {
			text, used = append(text, piece), used+inJSON(piece)+len(`\n`)
			switch last := i == len(shown)-1; {
			case i > 0: // also the last one: what comes behind it is no part of that line
				flush(goesOn)
			case !last:
				flush("")
			}
		}
	}
	flush("")
	return out
}

// contextBlocks show small lines.
func contextBlocks(lines []string) []Block {
	var out []Block
	var long []string
	for _, line := range lines {
		text, whole := cut(slackPlain.letters(line, false), textBytes)
		switch {
		case !whole:
			long = append(long, line)
			continue
		case text == "":
			continue
		case len(out) == 0, len(out[len(out)-1].Elements) == maxContext, size(out[len(out)-1])+inJSON(text) > textBytes:
			out = append(out, Block{Type: "context"})
		}
		last := &out[len(out)-1]
		last.Elements = append(last.Elements, plainText(text))
	}
	return append(out, codeBlocks(long, slackCode)...)
}

// blocks show the link, if it leads somewhere. Its address is of the letters that an address has.
func (l Link) blocks() []Block {
	if l.url == "" {
		return nil
	}
	text, _ := cut(slackWords.letters(l.text, false), maxHeader)
	return []Block{{Type: "section", Text: mrkdwn("<" + strings.ReplaceAll(l.url, "&", "&amp;") + "|" + cmp.Or(strings.TrimSpace(text), "Open") + ">")}}
}
