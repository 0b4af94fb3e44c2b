package message

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Group is the alerts of one host that people are told of together.
type Group struct {
	Where
	Alerts []Alert
	// Buttons are those of a request about the group, if there is one.
	Buttons []Button
}

// Alert is one alert. All of it comes from outside.
type Alert struct {
	Name                string
	Firing              bool
	Labels, Annotations map[string]string
	Since, Ended        time.Time
	// Source is where it comes from; it is shown, and never a link.
	Source string
}

// Alerts is one message for a group: those that fire first, in the order given.
func Alerts(g Group) Message {
	var firing, resolved []string
	fires, ended := 0, 0
	for _, a := range g.Alerts {
		if a.Firing {
			fires++
			firing = append(firing, g.alert(fires, a)...)
		} else {
			ended++
			resolved = append(resolved, g.alert(ended, a)...)
		}
	}
	title := counted(fires, ended)
	if g.Host != "" {
		title = condition.Quoted(g.Host) + ": " + title
	}
	return Message{
		Title: title, Severity: g.Severity, Link: g.Page, Buttons: g.Buttons,
		Sections: slices.Concat(listed("Firing", firing), listed("Resolved", resolved)),
		State:    []Section{{Facts: facts("host", g.Host, "project", g.Project, "service", g.Service)}},
	}
}

// counted says how many alerts there are of each state.
func counted(firing, resolved int) string {
	switch {
	case resolved == 0:
		return some(firing, "alert") + " firing"
	case firing == 0:
		return some(resolved, "alert") + " resolved"
	}
	return some(firing, "alert") + " firing, " + strconv.Itoa(resolved) + " resolved"
}

// alert are the lines of one of the group: only the first one, which is numbered, begins without blanks, so that no
// alert looks like two.
func (g Group) alert(n int, a Alert) []string {
	said := strconv.Itoa(n) + ". " + a.Name
	if !a.Since.IsZero() {
		said += ", since " + g.when(a.Since)
	}
	if !a.Firing && !a.Ended.IsZero() {
		said += ", until " + g.when(a.Ended)
	}
	lines := []string{said}
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		lines = append(lines, "   "+name+":")
		for _, line := range linesOf(a.Annotations[name]) {
			lines = append(lines, "     "+line)
		}
	}
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		labels = append(labels, name+"="+condition.Quoted(a.Labels[name]))
	}
	if len(labels) > 0 {
		lines = append(lines, "   labels: "+strings.Join(labels, " "))
	}
	if a.Source != "" {
		lines = append(lines, "   source: "+a.Source)
	}
	return lines
}
