package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"
)

// detailed is how many of the last notices the Web UI shows of a Tell.
const detailed = 50

// show renders the Tell for the Web UI.
func (t *teller) show(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, t.details()) }

// details are what people were told, what they could not be told, and what waits.
func (t *teller) details() string {
	about := t.newest.Request
	if about == "" {
		about = t.newest.Subject
	}
	lines := []string{fmt.Sprintf("## %s is told about %s\n", plain(t.newest.To()), plain(about))}
	line := func(at time.Time, about, what string) {
		lines = append(lines, fmt.Sprintf("- %s UTC, %s: %s", at.UTC().Format("2006-01-02 15:04:05"), plain(about), plain(what)))
	}
	for _, n := range t.result.Notices[max(0, len(t.result.Notices)-detailed):] {
		if n.Untold != "" {
			line(n.At, n.About, "could not be told by "+n.By+": "+n.Untold)
		} else {
			line(n.At, n.About, "told by "+n.By+" at "+n.Told.UTC().Format("15:04:05"))
		}
	}
	for _, r := range t.rows {
		for _, n := range r.waiting {
			line(n.At, n.About, "waits for "+r.by)
		}
	}
	return cut(strings.Join(lines, "\n")+"\n", detailsBytes)
}
