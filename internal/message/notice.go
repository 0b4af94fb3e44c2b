package message

import (
	"cmp"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Notice is what a step of a run has to say. run is the id of the workflow.
func Notice(n request.Notification, w Where, run string) Message {
	return Message{
		Title: noticed(n), Severity: w.Severity, Link: w.Page,
		Sections: []Section{
			{Lines: linesOf(n.Message)},
			{Facts: facts("host", w.Host, "project", w.Project, "service", w.Service, "run", run, "step", n.Step, "for", cmp.Or(joined(n.Groups), "the operators"))},
		},
	}
}

func noticed(n request.Notification) string {
	if n.Runbook == "" {
		return "Notice: " + condition.Quoted(n.Step)
	}
	return "Notice: " + condition.Quoted(n.Runbook) + ", " + condition.Quoted(n.Step)
}

// MaxPage is what PagerDuty takes as the summary of an event, in UTF-16 units.
const MaxPage = 1024

// Page is the message on one line of at most 1,024 characters, for a pager: the title, then as much of the rest as
// fits. What hides stands by its number.
func Page(m Message) string {
	said := []string{m.headline()}
	for _, s := range m.sections() {
		for _, line := range s.Lines {
			said = append(said, strings.TrimSpace(line))
		}
		for _, f := range s.Facts {
			said = append(said, f.Name+": "+f.Value)
		}
	}
	line, _ := cut(plain.letters(strings.Join(said, " | "), false), MaxPage)
	return line
}
