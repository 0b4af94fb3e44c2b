package message

import (
	"regexp"
	"strconv"
	"strings"
)

// What mrkdwn this package makes: lines between fences, and a link. There is no other, so whatever else is in one came
// from somewhere else.
var (
	fencedText = regexp.MustCompile("^(?:" + regexp.QuoteMeta(goesOn) + ")?```\n[^`]+\n```$")
	linkText   = regexp.MustCompile("^<(https?://[A-Za-z0-9%:/?\\[\\]._&+,;=-]+)\\|([^<>|`*_~\n]+)>$")
)

// obeyed checks a text that Slack formats.
func (f *faults) obeyed(at, text string) {
	if link := linkText.FindStringSubmatch(text); link != nil {
		f.escaped(at, link[1])
		f.escaped(at, link[2])
		return
	}
	if !fencedText.MatchString(text) {
		f.add("%s its mrkdwn is none of ours", at)
	}
	f.escaped(at, text)
}

// input checks a block in which a person fills something in.
func (f *faults) input(at string, b Block) {
	f.plain(at+" label", b.Label, maxLabel)
	if b.Hint != nil {
		f.plain(at+" hint", b.Hint, maxLabel)
	}
	e := b.Element
	if e == nil {
		f.add("%s it has no element", at)
		return
	}
	switch e.Type {
	case "plain_text_input":
		if e.MaxLength < 1 || e.MaxLength > maxInitialValue || units(e.InitialValue) > e.MaxLength {
			f.add("%s max_length is 1 to %d, and the initial_value no longer", at, maxInitialValue)
		}
	case "number_input":
		f.number(at, *e)
	case "static_select":
		f.count(at, len(e.Options), maxOptions)
		values := map[string]bool{}
		for _, o := range e.Options {
			f.plain(at+" option", o.Text, maxOptionText)
			f.length(at+" the value of an option", o.Value, maxOptionText)
			if values[o.Value] {
				f.add("%s two options have the value %q", at, o.Value)
			}
			values[o.Value] = true
		}
		if e.InitialOption != nil && !values[e.InitialOption.Value] {
			f.add("%s the initial_option is none of the options", at)
		}
	default:
		f.add("%s %q is no element that an input of ours has", at, e.Type)
	}
}

// number checks that the bounds and the first value of a number are numbers, in order.
func (f *faults) number(at string, e Element) {
	last, from := 0.0, ""
	for _, text := range []string{e.MinValue, e.InitialValue, e.MaxValue} {
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || e.IsDecimalAllowed == nil || !*e.IsDecimalAllowed && strings.Contains(text, ".") {
			f.add("%s %q is no number that it takes", at, text)
		}
		if from != "" && n < last {
			f.add("%s %s is less than %s", at, text, from)
		}
		last, from = n, text
	}
}
