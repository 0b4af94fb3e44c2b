package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// Whoever takes over sees what waits, what is paused and what runs, and no more of it than can be read.
func TestHandoverOfWhatIsOpen(t *testing.T) {
	paused := approval("runbook/gpu1/-/cache/redis", "flush")
	paused.Request.Kind, paused.Request.Groups, paused.Request.Message = request.Order, nil, "paused by anna@gpu-1\nbefore flush\x1b[2K"
	paused.Request.Choices = []string{runbook.Resume, runbook.Abort}
	calm := approval("runbook/gpu1/shop/calm", "x")
	calm.Request = nil
	h := &house{atWork: map[string]workflows.RunbookStatus{
		"runbook/gpu1/shop/llm/llama3_8b": approval("runbook/gpu1/shop/llm/llama3_8b", "approve"), "runbook/gpu1/-/cache/redis": paused, "runbook/gpu1/shop/calm": calm,
	}}
	print := func() string {
		of := handover{HandOver: opened, Since: opened.Add(-time.Hour), zone: time.UTC, Trouble: []trouble{}}
		require.NoError(t, of.open(t.Context(), h.connection()))
		code, out, errs := says(t, "text", func(s *starter) error { s.printHandover(of); return nil })
		require.Equal(t, exitDone, code)
		require.Empty(t, errs)
		return regexp.MustCompile(` +\n`).ReplaceAllString(out, "\n") // a cell without text has blanks
	}
	require.Equal(t, `hand-over Wed 2026-11-25 12:00 UTC

ROLE  FROM  TO  UNTIL  WHY

waits for a person: 2; starter gate list shows how to answer
REQUEST                            WHAT                 UNTIL                     MESSAGE
gpu1/-/cache/redis:flush.1         an operator's order  Wed 2026-11-25 12:15 UTC  paused by anna@gpu-1 before flush\u001b[2K
gpu1/shop/llm/llama3_8b:approve.1  approval by oncall   Wed 2026-11-25 12:15 UTC  Restart it?

at work: 3
RUN                              STARTED                   STATE                                                    SUMMARY
runbook/gpu1/-/cache/redis       Wed 2026-11-25 12:00 UTC  waits for an operator's order until 2026-11-25 12:15:00
runbook/gpu1/shop/calm           Wed 2026-11-25 12:00 UTC
runbook/gpu1/shop/llm/llama3_8b  Wed 2026-11-25 12:00 UTC  waits for approval by oncall until 2026-11-25 12:15:00

nothing went wrong since Wed 2026-11-25 11:00 UTC
`, print())

	h.atWork = map[string]workflows.RunbookStatus{}
	for i := range gatesShown + 3 {
		run := fmt.Sprintf("runbook/gpu1/shop/llm/%02d", i)
		h.atWork[run] = approval(run, "approve")
	}
	out := print()
	require.Contains(t, out, "waits for a person: 23;")
	require.Contains(t, out, "and 3 more with a later deadline: starter gate list --all\n")
	require.Equal(t, gatesShown, strings.Count(out, ":approve.1"))

	h.atWork = nil
	require.Contains(t, print(), "\nnothing waits for a person\n\nnothing is running\n")
}

// pagesOf is a ledger that gives two entries at a time, and fails after some pages.
type pagesOf struct {
	records
	entries []ledger.Entry
	left    int
}

func (p *pagesOf) Read(_ context.Context, f ledger.Filter) (page []ledger.Entry, err error) {
	if p.left--; p.left < 0 {
		return nil, errors.New("the ledger is away")
	}
	for _, e := range p.entries {
		if e.Kind == f.Kind && e.Seq > f.AfterSeq && e.At >= f.Since && len(page) < 2 {
			page = append(page, e)
		}
	}
	return page, nil
}

// Every page is read, what went wrong is in the order of the ledger, and of half a ledger nothing is said.
func TestTroubles(t *testing.T) {
	since := opened.Add(time.Hour)
	p := &pagesOf{left: 100}
	add := func(kind, data string, at time.Time) {
		p.entries = append(p.entries, ledger.Entry{Seq: int64(len(p.entries) + 1), Kind: kind, Data: data, At: at.Format(time.RFC3339), Subject: "s"})
	}
	add("runbook.finished", `{"outcome":"failed"}`, opened)
	for _, outcome := range []runbook.Outcome{
		runbook.Succeeded, runbook.NotNeeded, runbook.Rejected, runbook.Aborted, runbook.RunFailed, runbook.RolledBack, runbook.RollbackIncomplete, runbook.Suppressed, runbook.Refused,
	} {
		add("runbook.finished", fmt.Sprintf(`{"outcome":%q,"reason":"why"}`, outcome), since)
	}
	for _, outcome := range []workflows.ServiceOutcome{
		workflows.Scaled, workflows.Restarted, workflows.Unchanged, workflows.Refused, workflows.Failed, workflows.RolledBack, workflows.RollbackIncomplete,
	} {
		add("service.finished", fmt.Sprintf(`{"outcome":%q,"reason":"why"}`, outcome), since)
	}
	add("request.opened", `{"message":"m"}`, since)
	add("request.expired", `{"message":"m"}`, since)
	add("incident.opened", `{"severity":"Sev2","title":"t"}`, since)
	add("runbook.finished", `{broken`, since)
	add("runbook.finished", `{"outcome":"failed"}`, since.Add(time.Hour))
	all, err := troubles(t.Context(), p, since)
	require.NoError(t, err)
	var said []string
	for _, of := range all {
		said = append(said, fmt.Sprintf("%d %s: %s", of.Entry, of.What, of.Text))
	}
	require.Equal(t, []string{
		"4 rejected: why", "5 aborted: why", "6 failed: why", "7 rolled back: why", "8 rollback incomplete: why", "10 refused: why",
		"14 refused: why", "15 failed: why", "16 rolled back: why", "17 rollback incomplete: why",
		"19 nobody answered: m", "20 incident, Sev2: t", "21 not readable: ", "22 failed: ",
	}, said)

	p.left = 5
	all, err = troubles(t.Context(), p, since)
	require.ErrorContains(t, err, "the ledger is away")
	require.Nil(t, all)
	require.Subset(t, entryKinds(), slices.Collect(maps.Keys(troubled)), "each is a kind that there is")
}
