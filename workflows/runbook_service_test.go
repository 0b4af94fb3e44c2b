package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
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
func ended(outcome, why string) error {
	return temporal.NewApplicationErrorWithOptions("model-qwen: "+why, outcome, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{workflows.ServiceResult{Outcome: outcome, Reason: why}},
	})
}

// A restart is a run of its own, under the id that every change of the service has.
func TestRunbookRestartsAService(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		outcome string
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
					return workflows.ServiceResult{From: 2, To: 2, Outcome: workflows.Restarted}, c.err
				})
			s.hears(time.Minute, workflows.AnswerRunbook, s.answers("bob@gpu1", true))
			if c.outcome == "" {
				s.RegisterDelayedCallback(func() { require.Equal(t, runbook.AskUnknown, s.status().Request.Kind) }, 10*time.Minute)
				s.hears(time.Hour, workflows.OperateRunbook, orders(runbook.MarkDone, "anna@gpu1"))
				c.outcome, c.acts = runbook.Succeeded, append(c.acts, "close")
			}
			result, err := s.run()
			require.Equal(t, c.outcome == runbook.Succeeded, err == nil, "%v", err)
			require.Equal(t, c.outcome, result.Outcome, result.Reason)
			require.Equal(t, c.acts, s.acts)
			require.Equal(t, []string{"service/gpu1/shop/model-qwen"}, ids)
			require.Equal(t, workflows.RestartRequest{Host: "gpu1", Project: "shop", Service: "model-qwen", By: "anna@gpu1", Why: asked[0].Why}, asked[0])
			require.Contains(t, asked[0].Why, " restart")
		})
	}
}

// Two changes of one service exclude each other, whoever started them. The run itself has the id here that the
// change would have: the test environment knows no other runs.
func TestRunbookMeetsAnotherChange(t *testing.T) {
	for _, uses := range []string{"service.restart", "service.scale"} {
		s := newRunbookSite(t, changing(t, uses, runbook.Filled{Name: "replicas", Value: runbook.Value{Constant: 2}}))
		s.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.ServiceID("gpu1", "shop", "model-qwen"), TaskQueue: workflows.TaskQueue})
		s.hears(time.Minute, workflows.AnswerRunbook, s.answers("bob@gpu1", true))
		result, err := s.run()
		require.Error(t, err)
		require.Equal(t, runbook.RolledBack, result.Outcome, uses)
		require.Contains(t, result.Reason, "service/gpu1/shop/model-qwen is at work; wait for it or cancel it")
		require.Equal(t, []string{"open", "undo open"}, s.acts)
	}
}
