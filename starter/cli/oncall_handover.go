package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

func (s *starter) oncallHandoverCommand() *cobra.Command {
	return s.configured(&cobra.Command{
		Use: "handover", Short: "Show what whoever is on call next has to know",
		Long: `Show who hands over to whom at the next hand-over, what waits for people, what is at work, and what went wrong since
the last hand-over: incidents, requests that nobody answered, runs that did not end well. A worker reads the ledger for it.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.oncallHandover(cmd.Context(), time.Now()) },
	})
}

// handover is what whoever is on call next has to know.
type handover struct {
	At    time.Time `json:"at"`
	Since time.Time `json:"since"`
	// Roles are the next hand-overs of each role.
	Roles    []handedRole   `json:"roles"`
	Open     []openRequest  `json:"open"`
	Running  []run          `json:"running"`
	Happened []ledger.Entry `json:"happened"`
	shown    func(time.Time) string
}

// handedRole is a role that goes from one person to the next.
type handedRole struct {
	Role oncall.Role `json:"role"`
	From string      `json:"from,omitempty"`
	To   string      `json:"to"`
	At   time.Time   `json:"at"`
}

func (s *starter) oncallHandover(ctx context.Context, now time.Time) error {
	_, rota, err := s.rota()
	if err != nil {
		return err
	}
	h := handover{At: now.UTC().Truncate(time.Second), Open: []openRequest{}, Running: []run{}, Happened: []ledger.Entry{}}
	h.shown = func(t time.Time) string { return t.In(rota.Zone).Format(wallClock) }
	h.Roles, h.Since = handedRoles(rota, now)
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if h.Open, err = listOpen(ctx, c); err != nil {
		return err
	}
	if h.Running, _, err = runs(ctx, c, "ExecutionStatus = 'Running' AND WorkflowType NOT IN ('Tell', 'GuardVRAM')", runningShown); err != nil {
		return err
	}
	for _, kind := range []string{"incident.opened", "request.expired", "runbook.finished", activities.ServiceFinished} {
		for f := (ledger.Filter{Kind: kind, Since: h.Since.UTC().Format(time.RFC3339)}); ; {
			page, err := asked{c}.Read(ctx, f)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			h.Happened = append(h.Happened, slices.DeleteFunc(slices.Clone(page), endedWell)...)
			f.AfterSeq = page[len(page)-1].Seq
		}
	}
	slices.SortFunc(h.Happened, func(a, b ledger.Entry) int { return int(a.Seq - b.Seq) })
	if s.output == "json" {
		return s.printJSON(h)
	}
	s.printHandover(h)
	return nil
}

// handedRoles are the next hand-over of each role, and when the primary took over, which is what a summary begins with;
// before the start of the rota it is a week ago.
func handedRoles(rota *oncall.Rota, now time.Time) (roles []handedRole, since time.Time) {
	at, next := rota.At(now), rota.Next(now, 1)
	for _, role := range oncall.Roles() {
		then := next[role][0]
		roles = append(roles, handedRole{Role: role, From: at[role].Who, To: then.Who, At: then.Since.UTC()})
	}
	since = now.AddDate(0, 0, -7)
	if shift, ok := at[oncall.Primary]; ok {
		since = shift.Since
	}
	return roles, since.UTC()
}

// endedWell says of an entry that nobody needs to know of it at a hand-over.
func endedWell(e ledger.Entry) bool {
	switch e.Kind {
	case "runbook.finished":
		return slices.Contains([]runbook.Outcome{runbook.Succeeded, runbook.NotNeeded, runbook.Suppressed}, dataOf[runbook.Finished](e).Outcome)
	case activities.ServiceFinished:
		outcome := workflows.ServiceOutcome(dataOf[activities.ServiceRunData](e).Outcome)
		return slices.Contains([]workflows.ServiceOutcome{workflows.Scaled, workflows.Restarted, workflows.Unchanged}, outcome)
	}
	return false
}

func (s *starter) printHandover(h handover) {
	rows := [][]string{{"ROLE", "FROM", "TO", "AT"}}
	for _, r := range h.Roles {
		from := r.From
		if from == "" {
			from = "nobody"
		}
		rows = append(rows, []string{string(r.Role), from, r.To, h.shown(r.At)})
	}
	s.fitted(rows)
	fmt.Fprintf(s.Out, "\nWaits for people: %d\n", len(h.Open))
	for _, r := range h.Open {
		s.Out.Printf("  %s:%s until %s, for %s\n", runName(r.WorkflowID), r.short(), h.shown(r.Deadline), strings.Join(r.Groups, ", "))
	}
	fmt.Fprintf(s.Out, "\nAt work: %d\n", len(h.Running))
	for _, r := range h.Running {
		s.Out.Printf("  %s since %s%s\n", r.ID, h.shown(r.Started), orNothing(": ", r.atWork()))
	}
	fmt.Fprintf(s.Out, "\nWent wrong since %s: %d\n", h.shown(h.Since), len(h.Happened))
	rows = nil
	for _, e := range h.Happened {
		rows = append(rows, []string{"  " + fmt.Sprint(e.Seq), localTime(e.At), shown(e.Kind), shown(e.Subject), dataText(e)})
	}
	s.fitted(rows)
}

// orNothing is a text behind what stands before it; empty where there is none.
func orNothing(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}
