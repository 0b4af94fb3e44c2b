package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
)

// A ledger that is away at the beginning keeps a change from being begun, for a day; the run's page says so. A change
// that could not be told of is not one that waits again at its end.
func TestScaleWaitsForTheLedgerFirst(t *testing.T) {
	for what, c := range map[string]struct {
		away    time.Duration
		err     error
		outcome ServiceOutcome
		took    time.Duration
	}{
		"for an hour":  {time.Hour, temporal.NewApplicationError("no such host", activities.Unavailable), Scaled, time.Hour},
		"for two days": {48 * time.Hour, temporal.NewApplicationError("no such host", activities.Unavailable), Failed, ledgerTotal},
		"it says no":   {48 * time.Hour, temporal.NewNonRetryableApplicationError("tampered with", activities.PreconditionFailed, nil), Failed, 0},
	} {
		t.Run(what, func(t *testing.T) {
			w := goingUp()
			var page string
			var took func() time.Duration
			result, err := w.run(t, func(env *testsuite.TestWorkflowEnvironment) {
				began := env.Now()
				took = func() time.Duration { return env.Now().Sub(began) }
				w.asks = func() error {
					if took() < c.away {
						return c.err
					}
					return nil
				}
				env.RegisterDelayedCallback(func() {
					require.Empty(t, w.calls, "nothing is done")
					if env.IsWorkflowCompleted() {
						return
					}
					value, err := env.QueryWorkflow("__temporal_workflow_metadata")
					require.NoError(t, err)
					var metadata sdk.WorkflowMetadata
					require.NoError(t, value.Get(&metadata))
					page = metadata.GetCurrentDetails()
				}, time.Minute)
			})
			require.Equal(t, c.outcome, result.Outcome, result.Reason)
			require.InDelta(t, c.took.Seconds(), took().Seconds(), time.Minute.Seconds()*5)
			if c.took > 0 {
				require.Contains(t, page, "**Waits:** waits for the ledger, which does not answer since ")
				require.Contains(t, page, "; nothing is done before it answers")
			}
			if c.outcome == Scaled {
				require.NoError(t, err)
				return
			}
			require.Empty(t, w.calls)
			require.Equal(t, Reason(c.err), result.Reason)
			require.Contains(t, result.Warnings, "the ledger does not know of this run")
		})
	}
}
