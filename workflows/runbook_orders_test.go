package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// An abort stops what waits for the ledger: it has not begun, and does not begin when the ledger is back.
func TestAbortWhileTheLedgerIsAway(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.ledgerIs(s.between(time.Minute, 5*time.Minute))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	aborted := s.hears(2*time.Minute, workflows.OperateRunbook, s.orders(runbook.Abort, "anna@gpu1"))
	var told time.Duration
	aborted.then = func() { told = s.Now().Sub(start) }
	result, err := s.run()
	require.Error(t, err)
	require.True(t, aborted.reply.Accepted, aborted.reply.Message)
	require.Less(t, told, 3*time.Minute, "who speaks has an answer at once")
	require.Equal(t, []string{"open", "undo open"}, s.acts)
	require.Equal(t, runbook.Aborted, result.Outcome)
}

// A run that has not begun can be aborted, also while it waits for the ledger; other orders are answered.
func TestOrdersBeforeTheBeginning(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.reads = func() error {
		return temporal.NewApplicationError("the database is away", "Unavailable")
	}
	paused := s.hears(time.Minute, workflows.OperateRunbook, s.orders(runbook.Pause, "anna@gpu1"))
	stranger := s.hears(time.Minute, workflows.OperateRunbook, s.orders(runbook.Abort, "mallory@gpu1"))
	aborted := s.hears(2*time.Minute, workflows.OperateRunbook, s.orders(runbook.Abort, "anna@gpu1"))
	result, err := s.run()
	require.Error(t, err)
	require.Equal(t, "the run has not begun; it can only be aborted", paused.reply.Message)
	require.Contains(t, stranger.reply.Message, "mallory@gpu1 is no operator")
	require.True(t, aborted.reply.Accepted)
	require.Equal(t, runbook.Aborted, result.Outcome)
	require.Empty(t, s.acts)
}

// What on_failure does needs the ledger, as everything else does; what was done is put back without it.
func TestOnFailureWithoutALedger(t *testing.T) {
	d := restart(t)
	d.OnFailure = []runbook.Step{
		{ID: "tidy", Kind: runbook.Action, Uses: "product.cache_warm", Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 30},
		{ID: "back", Kind: runbook.Rollback},
	}
	s := newRunbookSite(t, d)
	s.ledgerIs(s.between(time.Minute, 10*24*time.Hour))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", false))
	result, err := s.run()
	require.Error(t, err)
	require.Equal(t, []string{"open", "undo open"}, s.acts)
	require.Equal(t, []string{"open"}, result.Undone)
	require.NotEmpty(t, result.Unwritten)
}

// A run that has ended, and only waits for the ledger to take that, says so to whoever still speaks.
func TestWordsToARunThatIsOver(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	hour := s.between(0, time.Hour)
	s.ledgerIs(func() bool { return hour() && slices.Contains(s.acts, "close") })
	var open request.Answer
	s.hears(time.Minute, workflows.AnswerRequest, func() any {
		open = s.answers("bob@gpu1", true)().(request.Answer)
		return open
	})
	words := []*word{
		s.hears(10*time.Minute, workflows.AnswerRequest, func() any { return open }),
		s.hears(10*time.Minute, workflows.OperateRunbook, s.orders(runbook.Abort, "anna@gpu1")),
	}
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	for _, w := range words {
		require.ErrorContains(t, w.rejected, "the run is over: succeeded")
	}
}
