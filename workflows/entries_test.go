package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// told is what a run of the test below knows of its ledger in the end.
type told struct {
	Kept, Unwritten []string
	Waited, Gone    []string
}

// Whatever a run is, it tells the ledger in two stages, and people beside that. What the ledger does not take is told
// once, and stays with the run, with all that follows.
func TestEntriesOfAnyRun(t *testing.T) {
	says := temporal.NewApplicationError("no such host", activities.Unavailable)
	for what, c := range map[string]struct {
		// from is the entry from which on the ledger gives the error, here or also on other workers.
		from     string
		err      error
		alsoLate bool
		want     told
	}{
		"all is well":          {want: told{Kept: []string{"a", "b", "c"}}},
		"away for this worker": {from: "b", err: says, want: told{Kept: []string{"a", "b", "c"}, Waited: []string{"03:00", "", "03:00", ""}}},
		"away for a day":       {from: "b", err: says, alsoLate: true, want: told{Kept: []string{"a"}, Unwritten: []string{"b", "c"}, Waited: []string{"03:00", ""}, Gone: []string{"no such host"}}},
		"it says no, and says it again": {
			from: "b", err: temporal.NewNonRetryableApplicationError("too long", activities.InvalidInput, nil),
			want: told{Kept: []string{"a"}, Unwritten: []string{"b", "c"}, Gone: []string{"too long"}},
		},
	} {
		t.Run(what, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetStartTime(time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC))
			var got told
			var said []string
			keep := func(ctx context.Context, req activities.KeepRequest) (activities.Kept, error) {
				for _, rec := range req.Records {
					if c.err != nil && rec.Event >= c.from && (c.alsoLate || activity.GetInfo(ctx).IsLocalActivity) {
						return activities.Kept{}, c.err
					}
					got.Kept = append(got.Kept, rec.Event)
				}
				return activities.Kept{RunID: "r"}, nil
			}
			for _, name := range []string{"routine.did", activities.KeepLater} {
				env.RegisterActivityWithOptions(keep, activity.RegisterOptions{Name: name})
			}
			env.RegisterActivityWithOptions(func(_ context.Context, n activities.Notice) error {
				said = append(said, n.Subject+": "+n.Message)
				return nil
			}, activity.RegisterOptions{Name: activities.Notify})
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				var e entries
				e.changed = func() {
					since := ""
					if e.away() {
						since = e.since.Format("15:04")
						require.Contains(t, e.waits(), "waits for the ledger, which does not answer since "+since)
					}
					got.Waited = append(got.Waited, since)
				}
				e.gone = func(_ workflow.Context, why string) { got.Gone = append(got.Gone, why) }
				n := notices{changed: func() { require.Fail(t, "it was told") }}
				for _, event := range []string{"a", "b", "c"} {
					e.add(ledger.Record{Event: event, Kind: "routine.did"})
					_, err := e.keep(ctx, nil)
					require.NoError(t, err)
				}
				n.send(ctx, "routine/morning", "r", request.Notification{Message: "look at it", About: "opened"})
				for _, rec := range e.unwritten {
					got.Unwritten = append(got.Unwritten, rec.Event)
				}
				return workflow.Sleep(ctx, time.Second)
			})
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, c.want, got)
			require.Equal(t, []string{"routine/morning: look at it"}, said)
		})
	}
}
