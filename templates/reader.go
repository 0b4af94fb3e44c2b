package templates

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// What a definition may have at most.
const (
	maxEntries = 100 // inputs, probes, guards, aliases and so on
	maxLabel   = 64  // bytes of a step's or an input's name
	day        = 24 * time.Hour

	shortestAnswer = time.Minute
	longestAnswer  = 7 * day
	// mostReminders bounds how often people are reminded of one thing: each time is in the history of the run.
	mostReminders = 200
)

// reader reads what definitions of several kinds have: expressions, messages, inputs, who answers and in which time. It
// reports faults in the document.
type reader struct {
	doc *strictyaml.Document
	// names are those that an expression may use at the place that is being read.
	names condition.Types
	// unknown are the beginnings of names whose declaration has a fault of its own.
	unknown []string
}

// expression checks the expression at a path; the zero Expression when there is none or it has a fault.
func (r *reader) expression(at string, text source, names condition.Types, want condition.Type) condition.Expression {
	return r.expressionIn(at, string(text), string(text), names, want)
}

// expressionIn checks an expression that is a part of what stands at a path.
func (r *reader) expressionIn(at, whole, text string, names condition.Types, want condition.Type) condition.Expression {
	if whole == "" || !r.doc.Sound(at) {
		return condition.Expression{}
	}
	e, err := condition.Compile(text, names, want)
	r.languageFault(at, text, err)
	return e
}

// message checks the template at a path.
func (r *reader) message(at, text string) (string, condition.Types) {
	if text == "" || !r.doc.Sound(at) {
		return text, nil
	}
	uses, err := condition.CompileTemplate(text, r.names)
	r.languageFault(at, text, err)
	return text, uses
}

// languageFault reports what is wrong with an expression or a template, where it stands in the file.
func (r *reader) languageFault(at, text string, err error) {
	var fault *condition.Error
	if !errors.As(err, &fault) {
		return
	}
	for _, begin := range r.unknown {
		if strings.Contains(text, begin) {
			return // its declaration has a fault, from which this one may follow
		}
	}
	r.doc.FaultIn(at, text, fault.Line, fault.Column, "%s", fault.Problem)
}

// within reports a duration that is out of range.
func (r *reader) within(at string, d, least, most time.Duration) {
	if got := time.Duration(d); r.doc.Has(at) && (got < least || got > most) {
		r.doc.Fault(at, "%s is out of range; write %s to %s", strictyaml.Duration(d), strictyaml.Duration(least), strictyaml.Duration(most))
	}
}

// number reports a whole number that is out of range.
func (r *reader) number(at string, n, least, most int) {
	if r.doc.Has(at) && (n < least || n > most) {
		r.doc.Fault(at, "%d is out of range; write %d to %d", n, least, most)
	}
}

// few reports a list or mapping that is longer than anybody needs.
func (r *reader) few(at string, n int) bool {
	if n > maxEntries {
		r.doc.Fault(at, "has %d entries; it may have %d", n, maxEntries)
	}
	return n <= maxEntries
}

var label = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// celWords cannot stand in an expression as a name.
var celWords = map[string]bool{"in": true, "true": true, "false": true, "null": true}

// isLabel says whether a step, an input or a probe can have that name, and reports it if not.
func (r *reader) isLabel(at, name string) bool {
	switch {
	case !label.MatchString(name) || len(name) > maxLabel:
		r.doc.Fault(at, "%s is not a name; write lower-case letters, digits and '_', a letter first, %d at most", strictyaml.Quote(name), maxLabel)
	case celWords[name]:
		r.doc.Fault(at, "%s is a word of expressions; take another name", strictyaml.Quote(name))
	default:
		return true
	}
	return false
}

// oneOf reports a word that is none of valid; false also for one that is missing.
func oneOf[T ~string](r *reader, at, what string, word T, valid []T) (T, bool) {
	var names []string
	for _, v := range valid {
		if v == word {
			return word, r.doc.Sound(at)
		}
		names = append(names, string(v))
	}
	if word == "" {
		return "", false
	}
	r.doc.Fault(at, "unknown %s %s; %s", what, strictyaml.Quote(string(word)), strictyaml.Instead(string(word), names))
	return "", false
}

// inFileOrder returns the names of a mapping's entries as they stand in the file.
func inFileOrder[T any](doc *strictyaml.Document, at string, entries map[string]T) []string {
	return slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		aLine, aColumn := doc.At(at + "." + a)
		bLine, bColumn := doc.At(at + "." + b)
		return slices.Compare([]int{aLine, aColumn}, []int{bLine, bColumn})
	})
}

// groups checks the names of groups of the configuration; whether they exist is for the worker to say.
func (r *reader) groups(at string, groups []string) {
	if r.doc.Has(at) && len(groups) == 0 {
		r.doc.Fault(at, "is empty; name at least one group of the configuration")
	}
	r.few(at, len(groups))
	for i, g := range groups {
		at := fmt.Sprintf("%s[%d]", at, i)
		switch _, role := oncall.OfGroup(g); {
		case role || strictyaml.IsName(g):
		case oncall.IsGroup(g):
			r.doc.Fault(at, "%s is no role on call; %s", strictyaml.Quote(g), strictyaml.Instead(g, oncall.Groups()))
		default:
			r.doc.Fault(at, "%s is not a name; %s", strictyaml.Quote(g), strictyaml.NameRule)
		}
	}
}

// answer checks what is said of everything that waits for people.
func (r *reader) answer(at string, groups []string, timeout, remind strictyaml.Duration) {
	r.groups(at+".groups", groups)
	r.within(at+".timeout", time.Duration(timeout), shortestAnswer, longestAnswer)
	r.within(at+".remind", time.Duration(remind), time.Second, longestAnswer)
	if r.doc.Has(at+".remind") && r.doc.Has(at+".timeout") && remind >= timeout && r.doc.Sound(at+".timeout") {
		r.doc.Fault(at+".remind", "%s is not before the timeout, which is %s; write less", remind, timeout)
	}
	if least := (timeout + mostReminders - 1) / mostReminders; remind > 0 && remind < least && r.doc.Sound(at+".timeout") && r.doc.Sound(at+".remind") {
		r.doc.Fault(at+".remind", "%s would remind people more than %d times in %s; write at least %s", remind, mostReminders, timeout, strictyaml.Duration((time.Duration(least) + time.Second - 1).Truncate(time.Second)))
	}
}
