package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// changing is the runbook restart with a step that changes a service instead of its command.
func changing(t *testing.T, uses string, more ...runbook.Filled) runbook.Definition {
	d := restart(t)
	step := &d.Steps[3]
	step.Uses, step.With = uses, append(more, runbook.Filled{Name: "service", Value: runbook.Value{Constant: "model-qwen"}})
	return d
}

// ended is how a change of a service ended.
func ended(outcome workflows.ServiceOutcome, why string) error {
	return temporal.NewApplicationErrorWithOptions("model-qwen: "+why, string(outcome), temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{workflows.ServiceResult{From: new(7), Outcome: outcome, Reason: why}},
	})
}

// A restart is a run of its own, under the id that every change of the service has.
func TestRunbookRestartsAService(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		outcome runbook.Outcome
		acts    []string
	}{
		"restarted":           {nil, runbook.Succeeded, []string{"open", "close"}},
		"put back":            {ended(workflows.RolledBack, "not ready within 1m0s"), runbook.RolledBack, []string{"open", "undo open"}},
		"not all put back":    {ended(workflows.RollbackIncomplete, "it does not start"), "", []string{"open"}},
		"the answer was lost": {temporal.NewNonRetryableApplicationError("lost", activities.Unknown, nil), "", []string{"open"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRunbookSite(t, changing(t, "service.restart"))
			var ids []string
			var asked []workflows.RestartRequest
			s.OnWorkflow(workflows.RestartService, mock.Anything, mock.Anything).Return(
				func(ctx workflow.Context, req workflows.RestartRequest) (workflows.ServiceResult, error) {
					ids, asked = append(ids, workflow.GetInfo(ctx).WorkflowExecution.ID), append(asked, req)
					return workflows.ServiceResult{From: new(2), To: 2, Outcome: workflows.Restarted}, c.err
				})
			s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			if c.outcome == "" {
				s.RegisterDelayedCallback(func() { require.Equal(t, request.Order, s.status().Request.Kind) }, 10*time.Minute)
				s.hears(time.Hour, workflows.OperateRunbook, s.orders(runbook.MarkDone, "anna@gpu1"))
				c.outcome, c.acts = runbook.Succeeded, append(c.acts, "close")
			}
			result, err := s.run()
			require.Equal(t, c.outcome == runbook.Succeeded, err == nil, "%v", err)
			require.Equal(t, c.outcome, result.Outcome, result.Reason)
			require.Equal(t, c.acts, s.acts)
			require.Equal(t, []string{"service/gpu1/shop/model-qwen"}, ids)
			require.Equal(t, "restart", asked[0].Allowed.Call.Path)
			require.Equal(t, []string{"default-test-workflow-id", "default-test-run-id"}, []string{asked[0].Allowed.Run, asked[0].Allowed.RunID})
			asked[0].Allowed = nil
			require.Equal(t, workflows.RestartRequest{Host: "gpu1", Project: "shop", Service: "model-qwen", By: "anna@gpu1", Why: asked[0].Why, Until: start.Add(16 * time.Minute)}, asked[0])
			require.Contains(t, asked[0].Why, " restart")
			require.Contains(t, s.ledger.kinds(), "step.started", "nobody else says that it begins")
		})
	}
}

// Two changes of one service exclude each other, whoever started them. The run itself has the id here that the
// change would have: the test environment knows no other runs.
func TestRunbookMeetsAnotherChange(t *testing.T) {
	for _, uses := range []string{"service.restart", "service.scale"} {
		s := newRunbookSite(t, changing(t, uses, runbook.Filled{Name: "replicas", Value: runbook.Value{Constant: 2}}))
		s.id = workflows.ServiceID("gpu1", "shop", "model-qwen")
		s.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: s.id, TaskQueue: workflows.TaskQueue})
		s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
		result, err := s.run()
		require.Error(t, err)
		require.Equal(t, runbook.RolledBack, result.Outcome, uses)
		require.Contains(t, result.Reason, "service/gpu1/shop/model-qwen is at work; wait for it or cancel it")
		require.Equal(t, []string{"open", "undo open"}, s.acts)
	}
}

// scaled is the runbook restart with a step that scales a service to 2, from 7 on the way back.
func scaled(t *testing.T, timeoutSeconds, attempts int) runbook.Definition {
	to := func(n int) runbook.Filled { return runbook.Filled{Name: "replicas", Value: runbook.Value{Constant: n}} }
	d := changing(t, "service.scale", to(2))
	step := &d.Steps[3]
	step.Risk, step.Idempotent, step.TimeoutSeconds, step.OnUnknown = runbook.Write, true, timeoutSeconds, ""
	step.Retry = runbook.Retry{Attempts: attempts, IntervalSeconds: 10}
	step.Undo = &runbook.Undo{Uses: "service.scale", With: []runbook.Filled{to(7), step.With[1]}}
	return d
}

// stepOf is a step of a run.
func stepOf(t *testing.T, r workflows.RunbookResult, path string) workflows.RunbookStep {
	t.Helper()
	for _, st := range r.Steps {
		if st.Path == path {
			return st
		}
	}
	require.Fail(t, "no step "+path)
	return workflows.RunbookStep{}
}

// lasting is a change of a service that takes that long, and puts things back when it is cancelled.
func lasting(t time.Duration, back error) func(workflow.Context) (workflows.ServiceResult, error) {
	return func(ctx workflow.Context) (workflows.ServiceResult, error) {
		if err := workflow.Sleep(ctx, t); err != nil {
			return workflows.ServiceResult{}, back
		}
		return workflows.ServiceResult{From: new(1), To: 2, Outcome: workflows.Scaled}, nil
	}
}

// A change that takes longer than its step may is cancelled. It happened where it was too late for that, and what a
// person has to look at is not called a timeout.
func TestRunbookStepOverdue(t *testing.T) {
	cancelled := temporal.NewCanceledError(workflows.ServiceResult{From: new(7), Outcome: workflows.RolledBack})
	for name, c := range map[string]struct {
		takes   time.Duration
		back    error
		outcome runbook.StepOutcome
		says    string
	}{
		"in time":             {9 * time.Minute, nil, runbook.OK, ""},
		"too late":            {11 * time.Minute, cancelled, runbook.TimedOut, "no end within 10m0s, so it was cancelled; things were put back"},
		"it failed meanwhile": {11 * time.Minute, ended(workflows.RolledBack, "not ready"), runbook.TimedOut, "no end within 10m0s"},
		"it had happened":     {11 * time.Minute, nil, runbook.OK, ""},
		"not all put back":    {11 * time.Minute, ended(workflows.RollbackIncomplete, "it does not start"), runbook.Unclear, "it does not start"},
	} {
		for _, uses := range []string{"service.scale", "service.restart"} {
			t.Run(uses+" "+name, func(t *testing.T) {
				d := scaled(t, 600, 3)
				if uses == "service.restart" {
					d = changing(t, uses)
					d.Steps[3].TimeoutSeconds, d.Steps[3].OnUnknown = 600, runbook.Fail
				}
				s := newRunbookSite(t, d)
				runs := 0
				change := func(ctx workflow.Context) (workflows.ServiceResult, error) {
					runs++
					return lasting(c.takes, c.back)(ctx)
				}
				// A mock would hear of no cancellation.
				s.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ workflows.RestartRequest) (workflows.ServiceResult, error) {
					return change(ctx)
				}, workflow.RegisterOptions{Name: "RestartService", DisableAlreadyRegisteredCheck: true})
				s.RegisterWorkflowWithOptions(func(ctx workflow.Context, req workflows.ScaleRequest) (workflows.ServiceResult, error) {
					if req.Restore {
						return lasting(time.Hour, errors.New("an undo has all the time that it needs"))(ctx)
					}
					return change(ctx)
				}, workflow.RegisterOptions{Name: "ScaleService", DisableAlreadyRegisteredCheck: true})
				s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
				if c.outcome == runbook.Unclear && uses == "service.scale" {
					s.hears(time.Hour, workflows.OperateRunbook, s.orders(runbook.UndoAll, "anna@gpu1"))
				}
				result, err := s.run()
				require.Equal(t, c.outcome == runbook.OK, err == nil, "%v", err)
				require.Equal(t, c.outcome, stepOf(t, result, "restart").Outcome)
				require.Contains(t, stepOf(t, result, "restart").Message, c.says)
				require.Equal(t, 1, runs, "what ran out of time is not repeated")
				for _, not := range result.NotUndone {
					require.NotContains(t, not, "an undo has all the time that it needs")
				}
			})
		}
	}
}

// A scaling that failed and was put back is done again as often as its step says; what cannot get better is not, and
// a restart has one attempt.
func TestRunbookRetriesAScaling(t *testing.T) {
	refused := temporal.NewNonRetryableApplicationError("app=2 is below the policy's minimum of 3", activities.PreconditionFailed, nil)
	for name, c := range map[string]struct {
		attempts int
		ends     []error
		runs     int
		outcome  runbook.StepOutcome
	}{
		"at last":         {3, []error{ended(workflows.RolledBack, "not ready"), ended(workflows.Failed, "no worker"), nil}, 3, runbook.OK},
		"not in time":     {2, []error{ended(workflows.RolledBack, "not ready"), ended(workflows.RolledBack, "not ready"), nil}, 2, runbook.Failed},
		"without a retry": {0, []error{ended(workflows.RolledBack, "not ready"), nil}, 1, runbook.Failed},
		"refused":         {3, []error{refused, nil}, 1, runbook.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRunbookSite(t, scaled(t, 600, c.attempts))
			var asked []workflows.ScaleRequest
			var at []time.Time
			s.OnWorkflow(workflows.ScaleService, mock.Anything, mock.Anything).Return(func(ctx workflow.Context, req workflows.ScaleRequest) (workflows.ServiceResult, error) {
				if asked = append(asked, req); req.Restore {
					return workflows.ServiceResult{Outcome: workflows.Scaled}, nil
				}
				at = append(at, workflow.Now(ctx))
				return workflows.ServiceResult{Outcome: workflows.Scaled}, c.ends[len(at)-1]
			})
			s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			result, err := s.run()
			require.Equal(t, c.outcome == runbook.OK, err == nil, "%v", err)
			require.Equal(t, c.outcome, stepOf(t, result, "restart").Outcome)
			require.Len(t, at, c.runs)
			for i, pause := range []time.Duration{10 * time.Second, 20 * time.Second}[:c.runs-1] {
				require.Equal(t, pause, at[i+1].Sub(at[i]))
			}
			if name == "refused" { // nothing was changed, and so nothing is put back
				require.Len(t, asked, 1)
				return
			}
			if c.outcome != runbook.OK { // the number from before may be one that nobody might ask for
				back := asked[len(asked)-1]
				require.True(t, back.Restore)
				require.Equal(t, 7, back.Replicas)
			}
			for _, req := range asked[:c.runs] {
				require.False(t, req.Restore)
			}
		})
	}
}

// Whatever the policy allows, nobody takes a service to none without a gate, nor does an undo that measured nothing.
func TestRunbookScalesToNone(t *testing.T) {
	d := scaled(t, 600, 0)
	d.Steps[3].With[0].Value = runbook.Value{Constant: 0}
	d.Steps[3].Undo.With[0].Value = runbook.Value{Constant: 0}
	s := newRunbookSite(t, d)
	s.OnWorkflow(workflows.ScaleService, mock.Anything, mock.Anything).Return(func(workflow.Context, workflows.ScaleRequest) (workflows.ServiceResult, error) {
		t.Error("the service is scaled")
		return workflows.ServiceResult{}, nil
	})
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.ErrorContains(t, err, "model-qwen to none takes a step with risk: destructive, and a gate that approves it; nothing was done")
	require.Equal(t, runbook.RolledBack, result.Outcome)
}

// A number that is none is said.
func TestRunbookScalesToNoNumber(t *testing.T) {
	d := scaled(t, 600, 0)
	d.Steps[3].With[0].Value = runbook.Value{Constant: 1.5}
	s := newRunbookSite(t, d)
	s.OnWorkflow(workflows.ScaleService, mock.Anything, mock.Anything).Return(workflows.ServiceResult{Outcome: workflows.Scaled}, nil)
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.Error(t, err)
	require.Contains(t, result.Reason, "replicas is 1.5; it must be of type int")
}

// Who cancels the change of a service cancels no knowledge: it put things back and said so.
func TestRunbookStepWhoseChangeIsCancelled(t *testing.T) {
	for outcome, want := range map[workflows.ServiceOutcome]runbook.StepOutcome{workflows.RolledBack: runbook.Failed, workflows.Failed: runbook.Failed} {
		d := changing(t, "service.restart")
		d.Steps[3].OnUnknown = runbook.Fail
		s := newRunbookSite(t, d)
		s.OnWorkflow(workflows.RestartService, mock.Anything, mock.Anything).Return(workflows.ServiceResult{}, temporal.NewCanceledError(workflows.ServiceResult{Outcome: outcome}))
		s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
		result, err := s.run()
		require.Error(t, err)
		step := stepOf(t, result, "restart")
		require.Equal(t, want, step.Outcome)
		require.Equal(t, "cancelled; things are as they were before", step.Message)
	}
}
