package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// trouble is an entry of the ledger that whoever takes over should know.
type trouble struct {
	Entry   int64     `json:"entry"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	// What happened, such as Sev1 or failed; Text is the title of an incident, the message of a request, or the reason.
	What string `json:"what"`
	Text string `json:"text,omitempty"`
}

// troubled are the kinds that tell of trouble, each with what it says; an empty what is no trouble.
var troubled = map[string]func(ledger.Entry) (what, text string){
	"incident.opened": func(e ledger.Entry) (string, string) {
		d := dataOf[runbook.IncidentOpened](e)
		return "incident, " + d.Severity, d.Title
	},
	"request.expired": func(e ledger.Entry) (string, string) {
		return "nobody answered", dataOf[request.Asked](e).Message
	},
	"runbook.finished": func(e ledger.Entry) (string, string) {
		d := dataOf[runbook.Finished](e)
		if slices.Contains([]runbook.Outcome{runbook.Succeeded, runbook.NotNeeded, runbook.Suppressed}, d.Outcome) {
			return "", ""
		}
		return endedAs(string(d.Outcome)), d.Reason
	},
	activities.ServiceFinished: func(e ledger.Entry) (string, string) {
		d := dataOf[activities.ServiceRunData](e)
		if slices.Contains([]workflows.ServiceOutcome{workflows.Scaled, workflows.Restarted, workflows.Unchanged}, workflows.ServiceOutcome(d.Outcome)) {
			return "", ""
		}
		return endedAs(d.Outcome), d.Reason
	},
}

// endedAs is an outcome as people read it. One that this version does not know, or cannot read, is shown too.
func endedAs(outcome string) string {
	return cmp.Or(strings.ReplaceAll(outcome, "_", " "), "not readable")
}

// troubles reads what went wrong since a time, the oldest first.
func troubles(ctx context.Context, r records, since time.Time) ([]trouble, error) {
	all := []trouble{}
	for kind, says := range troubled {
		f := ledger.Filter{Kind: kind, Since: since.UTC().Format(time.RFC3339), Limit: ledger.MaxLimit}
		for {
			page, err := r.Read(ctx, f)
			if err != nil {
				return nil, err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				what, text := says(e)
				if what == "" {
					continue
				}
				at, _ := time.Parse(time.RFC3339, e.At) // what was tampered with is for verify to say
				all = append(all, trouble{Entry: e.Seq, At: at, Kind: e.Kind, Subject: e.Subject, What: what, Text: text})
			}
			f.AfterSeq = page[len(page)-1].Seq
		}
	}
	slices.SortFunc(all, func(a, b trouble) int { return int(a.Entry - b.Entry) })
	return all, nil
}
