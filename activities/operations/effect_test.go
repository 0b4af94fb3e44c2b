package operations

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// inRun does a call as the activity of a workflow.
func inRun(t *testing.T, o *Operations, call runbook.ActCall) (result runbook.ActResult, err error) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(o.Act, activity.RegisterOptions{Name: activities.ActOperation})
	value, err := env.ExecuteActivity(activities.ActOperation, call)
	if err == nil {
		require.NoError(t, value.Get(&result))
	}
	return result, err
}

// wipe is an approved call of a command that destroys something.
func wipe(name string, idempotent bool) runbook.ActCall {
	call := command(name, runbook.Destructive, idempotent, nil)
	call.Path, call.Run, call.Runbook, call.Attempt, call.PlanSHA256, call.Until = "clear/wipe", "the-approved-run", "clean_up", 2, "abc", noon.Add(time.Hour)
	return call
}

// The ledger knows of a destructive operation before it is done, and a second time it is not done.
func TestDestructiveIsClaimed(t *testing.T) {
	p := &environment{now: noon, ledger: &book{}}
	p.run = func(context.Context, []string) (int, error) {
		require.Len(t, p.ledger.drafts, 1, "it is told before")
		return 0, nil
	}
	o := p.operations(t)
	call := wipe("wipe", false)
	_, err := inRun(t, o, call)
	require.NoError(t, err)
	d := p.ledger.drafts[0]
	require.Equal(t, "default-test-workflow-id/the-approved-run/clear/wipe.2.effect", d.Key)
	require.Equal(t, runbook.StartedKind, d.Kind)
	require.Equal(t, "2026-03-01T12:00:00Z", d.At)
	require.Equal(t, "default-test-workflow-id", d.Subject)
	var data runbook.StepStarted
	require.NoError(t, json.Unmarshal([]byte(d.Data), &data))
	require.Equal(t, runbook.StepStarted{
		Runbook: "clean_up", Step: "clear/wipe", Attempt: 2, Uses: "command.run", Arguments: condition.Values{"command": "wipe"}, Argv: []string{"/bin/wipe"},
		Risk: runbook.Destructive, PlanSHA256: "abc",
	}, data)

	_, err = inRun(t, o, call)
	require.Equal(t, activities.Unknown, class(t, err))
	require.ErrorContains(t, err, "this attempt has begun before")
	require.Len(t, p.ran, 1)

	call.Attempt = 3 // which a person has approved anew
	p.run = nil
	_, err = inRun(t, o, call)
	require.NoError(t, err)
	require.Len(t, p.ran, 2)
}

// What is not destructive is told to the ledger by the run.
func TestOthersAreNotClaimed(t *testing.T) {
	p := &environment{}
	_, err := inRun(t, p.operations(t), command("again", runbook.Write, true, nil))
	require.NoError(t, err)
	require.Empty(t, p.ledger.drafts)
}

// Without the ledger nothing is destroyed, and the error says that it certainly was not.
func TestDestructiveWithoutALedger(t *testing.T) {
	for name, b := range map[string]*book{
		"away":  {err: activities.Fail(activities.Unavailable, errors.New("connection refused"))},
		"hangs": {hangs: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{now: noon, ledger: b}
			call := wipe("wipe", false)
			call.TimeoutSeconds = 1
			_, err := inRun(t, p.operations(t), call)
			require.Equal(t, activities.NotBegun, class(t, err))
			require.ErrorContains(t, err, "the ledger could not be told that command.run begins, so nothing was done: ")
			require.Empty(t, p.ran)
		})
	}
}

// A destructive command that may be done twice is not: what comes of its one attempt is known or not.
func TestDestructiveHasOneAttempt(t *testing.T) {
	p := &environment{now: noon, run: func(context.Context, []string) (int, error) {
		return 0, activities.Fail(activities.Unknown, errors.New("killed"))
	}}
	_, err := inRun(t, p.operations(t), wipe("clean", true))
	require.Equal(t, activities.Unknown, class(t, err), "and not Unavailable, which is tried again")
}

// An approval that ended while nobody took the call approves nothing any more.
func TestApprovalThatHasEnded(t *testing.T) {
	for _, risk := range []runbook.Risk{runbook.Write, runbook.Destructive} {
		p := &environment{now: noon.Add(time.Hour + time.Second)}
		call := wipe("again", true)
		call.Risk = risk
		_, err := inRun(t, p.operations(t), call)
		require.Equal(t, activities.PreconditionFailed, class(t, err))
		require.ErrorContains(t, err, "the approval ended at 2026-03-01T13:00:00Z; nothing was done")
		require.Empty(t, p.ran)
		require.Empty(t, p.ledger.drafts)
		p.now = noon.Add(time.Hour)
		_, err = inRun(t, p.operations(t), call)
		require.NoError(t, err, "the end counts as before")
	}
}

// It may end while the ledger is waited for.
func TestApprovalThatEndsMeanwhile(t *testing.T) {
	looks := 0
	p := &environment{}
	o := p.operations(t, func(o *Options) {
		o.Now = func() time.Time {
			looks++
			return noon.Add(time.Duration(looks) * 45 * time.Minute)
		}
	})
	_, err := inRun(t, o, wipe("wipe", false))
	require.Equal(t, activities.PreconditionFailed, class(t, err))
	require.Empty(t, p.ran)
}
