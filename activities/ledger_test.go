package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// paper is a ledger of which every call answers the same.
type paper struct {
	entry  ledger.Entry
	report ledger.Report
	err    error
	asked  ledger.Filter
}

func (p *paper) Append(context.Context, ledger.Draft) (ledger.Entry, error) { return p.entry, p.err }

func (p *paper) AppendFirst(context.Context, ledger.Draft) (bool, error) { return true, p.err }

func (p *paper) AppendUnless(_ context.Context, _ ledger.Draft, _ time.Time, refuse func([]ledger.Entry) string) (string, error) {
	return refuse([]ledger.Entry{p.entry}), p.err
}

func (p *paper) Read(_ context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	p.asked = f
	return []ledger.Entry{p.entry}, p.err
}

func (p *paper) Verify(context.Context) (ledger.Report, error) { return p.report, p.err }

func TestRecords(t *testing.T) {
	draft := ledger.Draft{Key: "k", At: "2026-03-01T12:00:00Z", Kind: "note", Data: "{}"}
	entry := draft.Seal(ledger.Beginning())
	anchor := entry.Head()
	p := &paper{entry: entry, report: ledger.Report{Clean: true, Entries: 1, Head: anchor, Anchor: &anchor, Faults: []ledger.Fault{}}}
	r := &Records{Ledger: p, Asked: Since}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(r)

	asked := ledger.Filter{Kind: "note", KeyPrefix: "k", Since: "2026-03-01T12:00:00Z", AfterSeq: 1, BeforeSeq: 9, NewestFirst: true, Limit: 3}
	value, err := env.ExecuteActivity(r.ReadEntries, asked)
	require.NoError(t, err)
	var page []ledger.Entry
	require.NoError(t, value.Get(&page))
	require.Equal(t, []ledger.Entry{entry}, page, "nothing is lost on the way through a history")
	require.Equal(t, asked, p.asked)

	value, err = env.ExecuteActivity(r.VerifyLedger)
	require.NoError(t, err)
	var report ledger.Report
	require.NoError(t, value.Get(&report))
	require.Equal(t, p.report, report)
}

func TestRecordsClassifyErrors(t *testing.T) {
	r := &Records{Asked: Since, Ledger: &paper{err: Fail(Conflict, errors.New("something else is there"))}}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(r)
	for name, call := range map[string]func() error{
		"keep": func() error {
			_, err := env.ExecuteActivity(r.KeepServiceRun, ServiceRun{WorkflowID: testRun, RunID: testRunID, At: time.Now()})
			return err
		},
		"read":   func() error { _, err := env.ExecuteActivity(r.ReadEntries, ledger.Filter{}); return err },
		"verify": func() error { _, err := env.ExecuteActivity(r.VerifyLedger); return err },
	} {
		t.Run(name, func(t *testing.T) {
			app, ok := errors.AsType[*temporal.ApplicationError](call())
			require.True(t, ok)
			require.Equal(t, Conflict, app.Type())
			require.True(t, app.NonRetryable())
		})
	}
}
