package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// repeatable is the runbook with a destructive step that may be done twice, as it says of itself.
func repeatable(t *testing.T) runbook.Definition {
	d := restart(t)
	step := &d.Steps[3]
	step.Idempotent, step.Retry = true, runbook.Retry{Attempts: 3, IntervalSeconds: 1}
	return d
}

// An approval is for one attempt: a destructive step is done once for it, whatever it says of itself and however the
// attempt ends, and what nobody knows a person decides.
func TestDestructiveStepHasOneAttempt(t *testing.T) {
	for name, err := range map[string]error{
		"timeout": temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil),
		"lost":    temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil),
		"stopped": temporal.NewApplicationError("the worker stops", activities.WorkerStopping),
	} {
		t.Run(name, func(t *testing.T) {
			s := newRunbookSite(t, repeatable(t))
			s.act = func(call runbook.ActCall) (runbook.ActResult, error) {
				if call.Path == "restart" {
					return runbook.ActResult{}, err
				}
				return runbook.ActResult{}, nil
			}
			s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			var asked request.Kind
			s.RegisterDelayedCallback(func() { asked = s.status().Request.Kind }, 10*time.Minute)
			s.hears(time.Hour, workflows.OperateRunbook, s.orders(runbook.MarkDone, "anna@gpu1"))
			_, err := s.run()
			require.NoError(t, err)
			require.Equal(t, []string{"open", "restart", "close"}, s.acts)
			require.Equal(t, request.Order, asked)
		})
	}
}

// So is the change of a service that a step calls destructive.
func TestDestructiveChangeHasOneAttempt(t *testing.T) {
	d := scaled(t, 600, 3)
	d.Steps[3].Risk, d.Steps[3].Idempotent = runbook.Destructive, true
	s := newRunbookSite(t, d)
	runs := 0
	s.OnWorkflow(workflows.ScaleService, mock.Anything, mock.Anything).Return(func(_ workflow.Context, req workflows.ScaleRequest) (workflows.ServiceResult, error) {
		if req.Restore {
			return workflows.ServiceResult{Outcome: workflows.Unchanged}, nil
		}
		runs++
		return workflows.ServiceResult{}, ended(workflows.RolledBack, "not ready")
	})
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	_, err := s.run()
	require.ErrorContains(t, err, "not ready")
	require.Equal(t, 1, runs)
}

// The end of the approval goes with the call. A worker that takes it later does nothing, and that is known.
func TestApprovalEndsWhileNobodyTakesTheCall(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	var until, taken time.Time
	s.act = func(call runbook.ActCall) (runbook.ActResult, error) {
		if call.Path != "restart" {
			require.True(t, call.Undo || call.Until.IsZero())
			return runbook.ActResult{}, nil
		}
		until, taken = call.Until, start.Add(20*time.Minute) // the worker was down until then
		return runbook.ActResult{}, activities.Classify(t.Context(), activities.Approved{Until: call.Until}.Holds(taken, "nothing was done"))
	}
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.ErrorContains(t, err, "restart: the approval ended at 2026-01-05T03:16:00Z; nothing was done")
	require.Equal(t, start.Add(16*time.Minute), until)
	require.Equal(t, runbook.RolledBack, result.Outcome, "it is known that it did not happen")
	require.Equal(t, []string{"open", "restart", "undo open"}, s.acts)
}

// A run that begins with a step that must not happen twice is not taken for one that was reset.
func TestRunBeginsWithAStepThatIsDoneOnce(t *testing.T) {
	d := restart(t)
	first := d.Steps[3]
	first.ID, first.Risk = "first", runbook.Write
	d.Triggers, d.Steps = runbook.Triggers{}, []runbook.Step{first}
	s := newRunbookSite(t, d)
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome, result.Reason)
	require.Equal(t, []string{"first"}, s.acts)
}

// Cooldown and breaker are looked at again right before the first change: another run may have made one meanwhile.
func TestRunbookSuppressedBeforeItActs(t *testing.T) {
	d := restart(t)
	d.Steps = d.Steps[2:4] // the gate and what it approves
	for name, c := range map[string]struct {
		breaker  runbook.Breaker
		override bool
		outcome  runbook.Outcome
		incident bool
	}{
		"cooldown":   {runbook.Breaker{}, false, runbook.Suppressed, false},
		"breaker":    {runbook.Breaker{MaxRuns: 1, WindowSeconds: 600}, false, runbook.Suppressed, true},
		"overridden": {runbook.Breaker{MaxRuns: 1, WindowSeconds: 600}, true, runbook.Succeeded, false},
	} {
		t.Run(name, func(t *testing.T) {
			d.Triggers.Breaker = c.breaker
			s := newRunbookSite(t, d)
			s.RegisterDelayedCallback(func() {
				_, err := s.ledger.Append(t.Context(), ledger.Draft{
					Key: "other", At: s.Now().UTC().Format(time.RFC3339), Kind: runbook.ActingKind, Subject: "runbook/gpu1/shop/restart_model/qwen_32b", WorkflowID: "another",
				})
				require.NoError(t, err)
			}, time.Minute)
			s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			result, err := s.run(func(r *workflows.RunbookRequest) { r.Override, r.Why = c.override, "a test" })
			require.NoError(t, err)
			require.Equal(t, c.outcome, result.Outcome, result.Reason)
			if c.outcome == runbook.Succeeded {
				require.Equal(t, []string{"restart"}, s.acts)
				return
			}
			require.Empty(t, s.acts)
			require.Contains(t, result.Reason, name)
			require.Equal(t, c.incident, slices.Contains(s.ledger.kinds(), "incident.opened"))
			require.Contains(t, s.ledger.kinds(), "runbook.finished")
			acting := 0
			for _, kind := range s.ledger.kinds() {
				if kind == runbook.ActingKind {
					acting++
				}
			}
			require.Equal(t, 1, acting, "what was not begun is not counted")
		})
	}
}
