package cli

import (
	"fmt"
	"time"
)

// what names the activity for people.
func (r retry) what() string {
	what := r.Summary
	if what == "" {
		what = r.Activity
	}
	if r.WorkflowID != "" {
		what = r.WorkflowID + ": " + what
	}
	return what
}

// line says in one line what is retried, how often it was tried and why. The error comes last, so that
// it is what a narrow terminal cuts.
func (r retry) line(now time.Time) string {
	text := r.what() + ": "
	switch {
	case r.WaitingSince != nil:
		since := r.WaitingSince.Local().Format(time.TimeOnly)
		if now.Sub(*r.WaitingSince) >= 24*time.Hour {
			since = local(*r.WaitingSince)
		}
		text += fmt.Sprintf("no worker has taken it from %s since %s", r.Queue, since)
		if r.Attempt > 1 {
			text += fmt.Sprintf("; attempt %d", r.Attempt)
		}
	default:
		text += fmt.Sprintf("attempt %d", r.Attempt)
	}
	if r.Paused {
		text += ", paused at the Temporal server"
	}
	if r.NextAttemptAt != nil {
		text += fmt.Sprintf(", next in %d s", int(max(r.NextAttemptAt.Sub(now), 0).Round(time.Second)/time.Second))
	}
	if r.LastError != "" {
		text += "; last: " + r.LastError
	}
	return clip(printable(text), retryRunes)
}

// liveLine shows all retries of a run in the one line that is written over.
func liveLine(all []retry, now time.Time) string {
	text := all[0].line(now)
	if len(all) > 1 {
		text = fmt.Sprintf("(1 of %d) %s", len(all), text)
	}
	return text
}

// printRetrying lists what is retried in several runs, below the list of them. What is retried in a child that
// is in the list stands there once, as its own.
func printRetrying[R any](s *starter, all []R, of func(R) (id, name string, retrying []retry)) {
	listed := map[string]bool{}
	for _, one := range all {
		id, _, _ := of(one)
		listed[id] = true
	}
	rows := [][]string{{"HELD UP", "BY"}}
	for _, one := range all {
		_, name, retrying := of(one)
		for _, r := range retrying {
			if !listed[r.WorkflowID] {
				rows = append(rows, []string{name, r.line(time.Now())})
			}
		}
	}
	if len(rows) > 1 {
		s.Out.Printf("\n")
		s.fitted(rows)
	}
}
