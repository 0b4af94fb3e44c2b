// Package message is what people are told: a message as plain values, and how Slack, a pager and a webhook are given
// it. It has no effects and no clock. Names, arguments, logs and reasons come from anywhere, so they stand in a message
// as they are, and each rendering shows them so that they ping nobody, format nothing and look like no line of ours.
package message

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Message is what people are told. All of its texts may come from anywhere, but for the names of facts and headings.
type Message struct {
	// Title is one line, Severity Sev1 to Sev4; empty is none.
	Title    string
	Severity string
	// Sections do not change as long as the message stands. State is how things stand now: a message that takes the
	// place of another has the same Sections, so what went to the thread of the first still belongs to it.
	Sections []Section
	State    []Section
	Buttons  []Button
	// Context are small lines at the end.
	Context []string
	// Link is where a person sees more.
	Link Link
	// Thread says that it goes to the thread of the message that it is about.
	Thread bool
}

// Section is a part of a message, shown in the order of its fields. An empty one shows nothing.
type Section struct {
	// Heading is one line of ours.
	Heading string
	Facts   []Fact
	// Lines are texts of one line each, in fixed width and set off from what we say.
	Lines []string
}

// Fact is a value under a name of ours, on one line.
type Fact struct{ Name, Value string }

// Button answers with its value. Only Slack has buttons.
type Button struct {
	// Text is at most 75 characters; a longer one is cut.
	Text string
	// Value is at most 2,000 characters, see Value.
	Value string
	Style Style
	// Form says that a form is behind it, which has to be filled in before anything is answered.
	Form bool
}

// Style is how a button looks, in Slack's words; empty is like any other.
type Style string

// The styles.
const (
	Primary Style = "primary"
	Danger  Style = "danger"
)

// headline is the title behind the severity. It is never empty: no service takes an empty title.
func (m Message) headline() string {
	title := cmp.Or(m.Title, "evenkeel")
	if m.Severity == "" {
		return title
	}
	return m.Severity + " · " + title
}

// Text is the whole message as plain lines, without buttons and links. What begins with "| " is from outside; no line
// of ours does. There are no control characters and nothing that hides, but for tabs.
func (m Message) Text() string {
	var out []string
	for _, r := range m.rows() {
		out = append(out, r.spelled(plain))
	}
	return strings.Join(out, "\n")
}

// row is one line of a message as plain text, as it came in; ours says that it begins with words of ours.
type row struct {
	text string
	ours bool
}

func (r row) spelled(s spelling) string {
	if r.ours {
		return s.line(r.text)
	}
	return outside + s.text(r.text)
}

// rows are all lines of the message, the title first.
func (m Message) rows() []row {
	title := m.headline()
	out := []row{{title, true}}
	if n := factMax; len(title) > n {
		for !utf8.RuneStart(title[n]) && n > factMax-utf8.UTFMax {
			n--
		}
		out = []row{{title[:n] + ellipsis, true}, {title, false}}
	}
	for _, section := range m.sections() {
		if section.Heading != "" {
			out = append(out, row{section.Heading, true})
		}
		facts, long := section.facts()
		for _, fact := range facts {
			out = append(out, row{fact, true})
		}
		for _, line := range append(long, section.Lines...) {
			out = append(out, row{line, false})
		}
	}
	for _, line := range m.Context {
		out = append(out, row{line, false})
	}
	return out
}

// sections are all of them.
func (m Message) sections() []Section { return slices.Concat(m.Sections, m.State) }

// outside stands before each line that is not ours where a message is plain text.
const outside = "| "

// factMax is how long the line of a fact is at most, in bytes. A longer one would be wrapped, and its second half would
// stand where a line of ours begins; so it stands among the lines from outside.
const factMax = 120

// facts are the lines of the facts, and those that are too long for it.
func (s Section) facts() (short, long []string) {
	for _, f := range s.Facts {
		line := f.Name + ": " + f.Value
		if len(line) > factMax {
			long = append(long, line)
		} else {
			short = append(short, line)
		}
	}
	return short, long
}

// linesOf are the lines of a text; an empty text has none.
func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// facts are the facts that have a value, from names and values in turn.
func facts(namesAndValues ...string) []Fact {
	var out []Fact
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			out = append(out, Fact{namesAndValues[i], namesAndValues[i+1]})
		}
	}
	return out
}
