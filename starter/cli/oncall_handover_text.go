package cli

import (
	"fmt"
	"time"
)

// printHandover shows what whoever takes over reads first: the roles, what is open, what went wrong.
func (s *starter) printHandover(h handover) {
	shown := func(t time.Time) string { return t.In(h.zone).Format(wallClock) }
	s.Out.Printf("hand-over %s\n\n", shown(h.HandOver))
	rows := [][]string{{"ROLE", "FROM", "TO", "UNTIL", "WHY"}}
	for _, r := range h.Roles {
		from := "nobody"
		if r.From != nil {
			from = r.From.Who
		}
		rows = append(rows, []string{string(r.Role), from, r.To.Who, shown(r.To.Until), why(r.To.Reason)})
	}
	s.fitted(rows)
	s.printHandoverOpen(h, shown)
	if h.Trouble == nil {
		s.Out.Printf("\nnot known what went wrong since %s: the ledger was not read\n", shown(h.Since))
		return
	}
	if len(h.Trouble) == 0 {
		s.Out.Printf("\nnothing went wrong since %s\n", shown(h.Since))
		return
	}
	s.Out.Printf("\nwent wrong since %s: %d\n", shown(h.Since), len(h.Trouble))
	rows = [][]string{{"ENTRY", "TIME", "WHAT", "SUBJECT", "TEXT"}}
	for _, t := range h.Trouble {
		rows = append(rows, []string{fmt.Sprint(t.Entry), shown(t.At), t.What, t.Subject, shownTo(oneLine(t.Text), reasonRunes)})
	}
	s.fitted(rows)
}

// printHandoverOpen shows what waits for a person and what is at work.
func (s *starter) printHandoverOpen(h handover, shown func(time.Time) string) {
	if h.Requests == nil {
		s.Out.Printf("\nnot known what is open: Temporal was not asked\n")
		return
	}
	if h.Requests.Open == 0 {
		s.Out.Printf("\nnothing waits for a person\n")
	} else {
		s.Out.Printf("\nwaits for a person: %d; starter gate list shows how to answer\n", h.Requests.Open)
		rows := [][]string{{"REQUEST", "WHAT", "UNTIL", "MESSAGE"}}
		for _, r := range gatesOf(h.Requests.Requests, false).Requests {
			rows = append(rows, []string{runName(r.WorkflowID) + ":" + r.short(), whoAnswers(r.Kind, r.Groups), shown(r.Deadline), shownTo(oneLine(r.Message), reasonRunes)})
		}
		s.fitted(rows)
		if hidden := h.Requests.Open - len(rows) + 1; hidden > 0 {
			s.Out.Printf("and %d more with a later deadline: starter gate list --all\n", hidden)
		}
	}
	if len(h.Running) == 0 {
		s.Out.Printf("\nnothing is running\n")
		return
	}
	s.Out.Printf("\nat work: %d\n", len(h.Running))
	rows := [][]string{{"RUN", "STARTED", "STATE", "SUMMARY"}}
	for _, r := range h.Running {
		rows = append(rows, []string{r.ID, shown(r.Started), r.atWork(), r.Summary})
	}
	s.fitted(rows)
	if h.MoreRunning {
		s.Out.Printf("and more: the newest %d are shown\n", len(h.Running))
	}
}
