package activities

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// pad is a ledger that keeps what it is told: the same again is one entry, another under its key a Conflict.
type pad struct {
	paper
	drafts map[string]ledger.Draft
}

func (p *pad) Append(_ context.Context, d ledger.Draft) (ledger.Entry, error) {
	if kept, ok := p.drafts[d.Key]; ok && kept != d {
		return ledger.Entry{}, Fail(Conflict, errors.New(d.Key+" says something else"))
	}
	p.drafts[d.Key] = d
	return ledger.Entry{}, nil
}

func TestKeepServiceRun(t *testing.T) {
	p := &pad{drafts: map[string]ledger.Draft{}}
	r := &Records{Ledger: p, Asked: func(context.Context) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
	run := ServiceRun{
		WorkflowID: "service/gpu-1/shop/app", RunID: "r1", At: time.Date(2026, 3, 1, 13, 0, 0, 5, time.FixedZone("CET", 3600)), By: "anna@gpu-1",
		Data: ServiceRunData{
			Host: "gpu-1", Project: "shop", Service: "app", From: new(1), To: 3, Outcome: "refused", Reason: "too many",
			Refusals: []scaling.Refusal{{Code: scaling.AboveMax, Message: "too many"}},
		},
	}
	require.NoError(t, r.KeepServiceRun(t.Context(), run))
	require.NoError(t, r.KeepServiceRun(t.Context(), run), "a retry")
	require.Len(t, p.drafts, 1)
	draft := p.drafts["service/gpu-1/shop/app/r1/finished"]
	require.Equal(t, "service.finished", draft.Kind)
	require.Equal(t, "service/gpu-1/shop/app", draft.Subject)
	require.Equal(t, "anna@gpu-1", draft.Actor)
	require.Equal(t, "2026-03-01T12:00:00Z", draft.At)
	require.Equal(t, []string{"service/gpu-1/shop/app", "r1"}, []string{draft.WorkflowID, draft.RunID})
	var data ServiceRunData
	require.NoError(t, json.Unmarshal([]byte(draft.Data), &data))
	require.Equal(t, run.Data, data)

	again := run
	again.RunID = "r2"
	require.NoError(t, r.KeepServiceRun(t.Context(), again), "the next run of the same id is another entry")
	require.Len(t, p.drafts, 2)

	require.ErrorContains(t, inRun(r.KeepServiceRun, run), "a run tells the ledger of itself, and not of service/gpu-1/shop/app")
	run.WorkflowID = testRun
	require.ErrorContains(t, inRun(r.KeepServiceRun, run), "r1 is no id of a run")
	run.RunID = testRunID
	for _, at := range []time.Time{run.At.Add(-25 * time.Hour), run.At.Add(11 * time.Minute)} {
		other := run
		other.At = at
		require.ErrorContains(t, inRun(r.KeepServiceRun, other), "nothing that a run tells happens at")
	}
	require.Len(t, p.drafts, 2)
	run.WorkflowID, run.RunID = "service/gpu-1/shop/app", "r1"

	run.Data.Outcome = "scaled"
	require.Equal(t, Conflict, class(t, r.KeepServiceRun(t.Context(), run)))
}
