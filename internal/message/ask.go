package message

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Where says what a message is about, as far as it is known.
type Where struct {
	Host, Project, Service string
	// Severity is Sev1 to Sev4; empty is none.
	Severity string
	// Page is where a person sees more.
	Page Link
	// Zone is what times are shown in; nil is UTC.
	Zone *time.Location
}

// Ask is a request and what a message says beside it.
type Ask struct {
	Where
	Request request.Request
	// Readings are what the run saw when it asked; their age is counted to when the request was opened.
	Readings []request.Reading
	// Log are lines of the latest log; the last LogLines of them are shown.
	Log []string
}

// LogLines is how many lines of a log are shown.
const LogLines = 20

// digits is how many digits of a hash a person is shown.
const digits = 12

// Asked is a request as people are asked it, with a button for each choice.
func Asked(a Ask) Message {
	m := a.message(needed[a.Request.Kind])
	m.State, m.Buttons = a.open(), Buttons(a.Request)
	return m
}

var needed = map[request.Kind]string{
	request.Approval: "Approval needed", request.Confirmation: "Confirmation needed", request.Input: "Input needed", request.SignOff: "Sign-off needed",
	request.Acknowledgement: "Acknowledgement needed", request.Order: "An operator's order needed",
}

// message is all about the request that does not change while it is open.
func (a Ask) message(what string) Message {
	r := a.Request
	run, _, _, _ := request.Split(r.ID)
	return Message{
		Title: a.title(what), Severity: a.Severity, Link: a.Page, Context: []string{r.ID},
		Sections: slices.Concat(
			[]Section{
				{Heading: "What is asked", Lines: linesOf(r.Message)},
				{Facts: facts("host", cmp.Or(r.Host, a.Host), "project", a.Project, "service", a.Service, "run", run, "step", r.Step, "risk", string(r.Risk),
					"plan", prefix(r.PlanSHA256), "definition", prefix(r.Definition), "asked at", a.when(r.Opened))},
			},
			listed("A yes allows "+some(len(r.Allows), "effect"), effects(r.Allows)),
			listed("To fill in", fields(r.Fields)),
			listed("Read when it was asked", a.readings()),
			a.log(),
		),
	}
}

// title names the step, and the host where it is known.
func (a Ask) title(what string) string {
	title := what + ": " + condition.Quoted(a.Request.Step)
	if host := cmp.Or(a.Request.Host, a.Host); host != "" {
		title += " on " + condition.Quoted(host)
	}
	return title
}

// listed is a section of lines under a heading; nothing where there are none.
func listed(heading string, lines []string) []Section {
	if len(lines) == 0 {
		return nil
	}
	return []Section{{Heading: heading, Lines: lines}}
}

// effects are numbered, so that one that is wrapped looks like no other.
func effects(allows []request.Effect) []string {
	var out []string
	for i, e := range allows {
		out = append(out, strconv.Itoa(i+1)+". "+e.Step+": "+e.Allowed())
	}
	return out
}

func fields(all []input.Field) []string {
	var out []string
	for _, f := range all {
		line := f.Name + " (" + bounds(f) + ")"
		if f.Description != "" {
			line += ": " + f.Description
		}
		out = append(out, line)
	}
	return out
}

// bounds are what a value of the field has to be.
func bounds(f input.Field) string {
	said := []string{string(f.Type)}
	if f.Min != nil {
		said = append(said, "at least "+condition.Quoted(*f.Min))
	}
	if f.Max != nil {
		said = append(said, "at most "+condition.Quoted(*f.Max))
	}
	if len(f.Enum) > 0 {
		said = append(said, "one of "+condition.Words(f.Enum))
	}
	if f.Pattern != "" {
		said = append(said, "matches "+condition.Quoted(f.Pattern))
	}
	if f.Default != nil {
		said = append(said, "else "+condition.Quoted(f.Default))
	}
	return strings.Join(said, ", ")
}

func (a Ask) readings() []string {
	var out []string
	for _, r := range a.Readings {
		line := r.Name + " = " + condition.Quoted(r.Value)
		if r.Fault != "" {
			line = r.Name + " has no value: " + r.Fault
		}
		if !r.At.IsZero() {
			line += ", " + max(a.Request.Opened.Sub(r.At), 0).Round(time.Second).String() + " old"
		}
		out = append(out, line)
	}
	return out
}

func (a Ask) log() []Section {
	last := a.Log[max(0, len(a.Log)-LogLines):]
	return listed(fmt.Sprintf("The last %d of %s of its log", len(last), some(len(a.Log), "line")), last)
}
