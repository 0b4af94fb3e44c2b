package message

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// spelling is how a text from anywhere is written for a place. Whatever it is, a letter that does not show stands as
// \u{HEX} and a byte that is no UTF-8 as \x{HEX}; a backslash that would look like the beginning of either is \u{5c}. So
// nothing hides, nothing is lost, and no two texts have the same spelling.
type spelling struct {
	// also are letters that mean something in that place, and stand by their number.
	also string
	// entities are Slack's: &, < and > are what it knows mentions, links and commands by.
	entities bool
	// spelled says that the text has such numbers already, which stay.
	spelled bool
}

var (
	// plain is for a place that obeys nothing.
	plain = spelling{}
	// slackPlain is for Slack's plain_text, and for the text beside the blocks.
	slackPlain = spelling{entities: true}
	// slackCode is for what stands between ``` in Slack, which knows no escape for a backtick.
	slackCode = spelling{entities: true, also: "`"}
	// slackStatement is slackCode for a text in which nothing hides already: it is shown as it will be signed.
	slackStatement = spelling{entities: true, also: "`", spelled: true}
	// slackWords is for the words of a link in mrkdwn, where there is no escape for its marks either.
	slackWords = spelling{entities: true, also: "`*_~|"}
	// fenced is for what stands between ``` elsewhere, where nobody is mentioned.
	fenced = spelling{also: "`"}
	// fencedMattermost is fenced for a service that makes @channel of Slack's <!channel>, whatever it stands in.
	fencedMattermost = spelling{also: "`<"}
)

// shows says of a letter that people see it, where it is. unicode.IsPrint also has letters that are drawn as nothing:
// fillers, variation selectors, and the Braille pattern without a dot.
func shows(r rune) bool {
	return unicode.IsPrint(r) && r != '\u2800' && !unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// maxMarks is how many marks may stand on one letter: more of them cover the lines above and below.
const maxMarks = 3

// letters yields the text in its spelling, letter by letter. None of them may be cut. A tab stays where tabs is set.
func (s spelling) letters(text string, tabs bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		marks := maxMarks // at the beginning one would stand on what is before the text
		for i, r := range text {
			width := 1
			if r == utf8.RuneError {
				_, width = utf8.DecodeRuneInString(text[i:])
			}
			if !unicode.Is(unicode.M, r) {
				marks = 0
			} else {
				marks++
			}
			if !yield(s.letter(text[i:], r, r == utf8.RuneError && width == 1, marks > maxMarks, tabs)) {
				return
			}
		}
	}
}

// letter spells the first letter of a text, which is r.
func (s spelling) letter(text string, r rune, broken, covers, tabs bool) string {
	switch {
	case broken:
		return fmt.Sprintf(`\x{%02x}`, text[0])
	case r == '\t' && tabs:
		return "\t"
	case !shows(r), covers, strings.ContainsRune(s.also, r), r == '\\' && !s.spelled && (strings.HasPrefix(text, `\u{`) || strings.HasPrefix(text, `\x{`)):
		return fmt.Sprintf(`\u{%x}`, r)
	case s.entities && r == '&':
		return "&amp;"
	case s.entities && r == '<':
		return "&lt;"
	case s.entities && r == '>':
		return "&gt;"
	}
	return string(r)
}

// text spells one line, in which tabs stay.
func (s spelling) text(line string) string { return s.join(line, true) }

// line spells one line; a blank at its ends, which nobody would see, stands by its number.
func (s spelling) line(line string) string {
	inner := strings.TrimLeft(line, " ")
	left := len(line) - len(inner)
	inner = strings.TrimRight(inner, " ")
	right := len(line) - left - len(inner)
	return strings.Repeat(blank, left) + s.join(inner, false) + strings.Repeat(blank, right)
}

const blank = `\u{20}`

// Line is a text from anywhere as one line for a place that obeys nothing, such as the plain text beside a field.
func Line(text string) string { return plain.line(strings.Join(strings.Fields(text), " ")) }

func (s spelling) join(line string, tabs bool) string {
	var out strings.Builder
	for letter := range s.letters(line, tabs) {
		out.WriteString(letter)
	}
	return out.String()
}
