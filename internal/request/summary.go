package request

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Summary is what a run's memo says of an open request, so that one look at the list of runs shows what waits for
// people.
type Summary struct {
	// ID is that of the request without the workflow: STEP.N@RUN.
	ID      string   `json:"id"`
	Kind    Kind     `json:"kind"`
	Message string   `json:"message"`
	Groups  []string `json:"groups,omitempty"`
	Choices []string `json:"choices,omitempty"`
	Allows  []string `json:"allows,omitempty"`
	// Answers are who has said yes so far, Not whose word does not count.
	Answers  []string  `json:"answers,omitempty"`
	Not      []string  `json:"not,omitempty"`
	Risk     Risk      `json:"risk,omitempty"`
	Min      int       `json:"min,omitempty"`
	Deadline time.Time `json:"deadline"`
	Shown    string    `json:"shown"`
	// Cut says that not all is here that a person decides by, and that has to be asked of the run.
	Cut bool `json:"cut,omitempty"`
}

// Summaries are the open requests of a run as its memo holds them.
type Summaries struct {
	// Open counts them all; Requests are those nearest to their deadline.
	Open     int       `json:"open"`
	Requests []Summary `json:"requests,omitempty"`
}

// Bounds of a memo.
const (
	// MaxSummaries is how many requests a memo describes.
	MaxSummaries = 16
	// MaxSummaryBytes is what one of them takes as JSON, at most.
	MaxSummaryBytes = 512
)

// Summarize describes open requests, those nearest to their deadline first.
func Summarize(open []Request) Summaries {
	s := Summaries{Open: len(open)}
	sorted := slices.Clone(open)
	slices.SortStableFunc(sorted, func(a, b Request) int { return a.Deadline.Compare(b.Deadline) })
	for _, r := range sorted[:min(MaxSummaries, len(sorted))] {
		s.Requests = append(s.Requests, r.Summary())
	}
	return s
}

// Summary describes a request within MaxSummaryBytes.
func (r Request) Summary() Summary {
	s := Summary{
		ID: r.ID[strings.LastIndex(r.ID, ":")+1:], Kind: r.Kind, Risk: r.Risk, Deadline: r.Deadline.UTC().Truncate(time.Second), Shown: r.Shown, Cut: len(r.Fields) > 0,
	}
	if r.Min > 1 {
		s.Min = r.Min
	}
	// What is fixed takes at most this much: the names of the keys, the hash, the time, the numbers.
	left := MaxSummaryBytes - 310 - quoted(s.ID)
	take := func(text string, most int) string {
		text, cut := fit(text, min(left, most))
		s.Cut = s.Cut || cut
		left -= quoted(text) + len(`"",`)
		return text
	}
	all := func(into *[]string, texts []string, most int) {
		for _, t := range texts {
			if left <= len(`"",`) {
				s.Cut = true
				return
			}
			*into = append(*into, take(t, most))
		}
	}
	all(&s.Groups, r.Groups, 32)
	all(&s.Not, r.Not, 48)
	all(&s.Answers, r.Answers, 48)
	if r.Kind == Order {
		all(&s.Choices, r.Choices, 12)
	}
	s.Message = take(r.Message, max(left/2, left-20*len(r.Allows)))
	var allows []string
	for _, e := range r.Allows {
		allows = append(allows, e.String())
	}
	all(&s.Allows, allows, left)
	return s
}

// Request is what the summary says of a request of that workflow, for whoever asks what may be done about it.
func (s Summary) Request(workflow string) Request {
	choices := s.Choices
	if s.Kind != Order {
		choices = s.Kind.Choices()
	}
	return Request{
		ID: workflow + ":" + s.ID, Kind: s.Kind, Message: s.Message, Groups: s.Groups, Choices: choices, Answers: s.Answers, Not: s.Not, Risk: s.Risk,
		Min: s.Min, Deadline: s.Deadline, Shown: s.Shown,
	}
}

// String shows an effect on one line, as no other one is shown.
func (e Effect) String() string { return e.Step + ": " + Call(e.Uses, e.Arguments, e.Argv) }

// Call shows an operation with what it is given and the command line that it runs, if any.
func Call(uses string, with condition.Values, argv []string) string {
	shown := strings.TrimSpace(uses + " " + with.Assignments())
	if len(argv) > 0 {
		shown += ", which runs " + condition.Words(argv)
	}
	return shown
}

// quoted is how many bytes a text takes in JSON, without the quotes.
func quoted(text string) int {
	n := 0
	for _, c := range text {
		n += letter(c)
	}
	return n
}

func letter(c rune) int {
	switch {
	case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
		return 2
	case c < ' ' || c == 0x7f || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029 || c == utf8.RuneError:
		return 6
	}
	return utf8.RuneLen(c)
}

// fit cuts a text to at most n bytes of JSON.
func fit(text string, n int) (string, bool) {
	if quoted(text) <= n {
		return text, false
	}
	n -= len("…")
	size := 0
	for i, c := range text {
		if size += letter(c); size > n {
			return text[:i] + "…", true
		}
	}
	return text, false
}
