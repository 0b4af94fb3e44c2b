package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// What a person decides by is all there, and nothing in it can move the cursor.
func TestGateList(t *testing.T) {
	restart := approval("runbook/gpu1/shop/llm/llama3_8b", "approve")
	restart.Request.Message = "Restart llama3_8b?\nIt \x1b[2Kis ill."
	restart.Request.NotInitiator, restart.Request.Min, restart.Request.Answers = true, 2, []string{"bob@gpu-1"}
	restart.Request.Approves = []runbook.Approval{{Path: "restart", Attempt: 2, Uses: "service.restart", With: condition.Values{
		"service": "llama 3", "replicas": float64(1000000), "drain": true, "grace": 0.5,
	}}}
	asks := approval("runbook/gpu1/shop/handover", "ask")
	asks.Request.Kind, asks.Request.Message, asks.Request.PlanSHA256 = runbook.AskInput, "Fill it in.", ""
	asks.Request.Fields = []input.Field{
		{Name: "request_id", Type: condition.String, Pattern: "REQ-[0-9]+", Description: "the ticket"},
		{Name: "mode", Type: condition.String, Enum: []string{"fast", "slow"}, Default: "slow"},
	}
	paused := approval("runbook/gpu1/shop/cache/redis", "flush")
	paused.Request.Kind, paused.Request.Groups, paused.Request.Message = runbook.AskPaused, nil, "paused by anna@gpu-1 before flush"
	paused.Request.Choices = []string{runbook.Resume, runbook.SkipStep, runbook.UndoAll, runbook.Abort}
	calm := approval("runbook/gpu1/shop/calm", "x")
	calm.Request = nil
	found := []runbookRun{
		{WorkflowID: "runbook/gpu1/shop/llm/llama3_8b", RunbookStatus: &restart},
		{WorkflowID: "runbook/gpu1/shop/handover", RunbookStatus: &asks},
		{WorkflowID: "runbook/gpu1/shop/cache/redis", RunbookStatus: &paused},
		{WorkflowID: "runbook/gpu1/shop/calm", RunbookStatus: &calm},
		{WorkflowID: "runbook/gpu1/shop/lost/x", Fault: "no worker answers"},
	}
	code, out, errs := says(t, "text", func(s *starter) error { return s.printGates(gatesOf(found, true)) })
	require.Equal(t, exitDone, code)
	require.Empty(t, errs)
	require.Equal(t, strings.ReplaceAll(`runbook/gpu1/shop/llm/llama3_8b:approve.1
  Restart llama3_8b?
  It \u001b[2Kis ill.
  approval by oncall until 2026-11-25 12:15:00
  not by anna@gpu-1, who started the run
  approved by 1 of 2: bob@gpu-1
  allows restart: service.restart drain=true grace=0.5 replicas=1000000 service="llama 3" (attempt 2, destructive)
  plan PLAN
  > starter gate approve runbook/gpu1/shop/llm/llama3_8b:approve.1
  > starter gate reject runbook/gpu1/shop/llm/llama3_8b:approve.1 --reason REASON

runbook/gpu1/shop/handover:ask.1
  Fill it in.
  input by oncall until 2026-11-25 12:15:00
  field request_id: string like REQ-[0-9]+; the ticket
  field mode: string, one of fast, slow, slow by default
  > starter gate approve runbook/gpu1/shop/handover:ask.1 -p request_id=STRING
  > starter gate reject runbook/gpu1/shop/handover:ask.1 --reason REASON

runbook/gpu1/shop/cache/redis:flush.1
  paused by anna@gpu-1 before flush
  an operator (paused) until 2026-11-25 12:15:00
  plan PLAN
  > starter runbook resume gpu1/shop/cache/redis
  > starter runbook skip gpu1/shop/cache/redis --reason REASON
  > starter runbook undo gpu1/shop/cache/redis --reason REASON
  > starter runbook abort gpu1/shop/cache/redis --reason REASON
gpu1/shop/lost/x does not answer: no worker answers
and more: only the newest 100 runs were asked
`, "PLAN", planSHA256), out)

	code, out, _ = says(t, "text", func(s *starter) error { return s.printGates(gatesOf(nil, false)) })
	require.Equal(t, exitDone, code)
	require.Equal(t, "nothing waits for a person\n", out)

	_, out, _ = says(t, "json", func(s *starter) error { return s.printGates(gatesOf(found[3:], false)) })
	require.JSONEq(t, `{"requests":[],"silent":[{"workflow_id":"runbook/gpu1/shop/lost/x","fault":"no worker answers"}]}`, out)
}

func TestAnswer(t *testing.T) {
	const request = "runbook/gpu1/shop/llm/llama3_8b:approve.1"
	closed := temporal.NewApplicationError(request+" is not open", activities.PreconditionFailed)
	for name, c := range map[string]struct {
		house  house
		plan   string
		code   int
		out    string
		errs   string
		asPlan string
	}{
		"accepted":             {house{reply: runbook.Reply{Accepted: true, Message: request + " is approved"}}, "", exitDone, request + " is approved\n", "", ""},
		"denied":               {house{reply: runbook.Reply{Message: "x@y is in none of the groups oncall"}}, "", exitNo, "", "starter: " + request + ": x@y is in none of the groups oncall\n", ""},
		"the run is over":      {house{fault: noRun}, "", exitNo, "", "starter: " + request + " is not open; did you mean gpu1/shop/llm/llama3_8b:approve.2?\n", ""},
		"another is open":      {house{fault: closed}, "", exitNo, "", "starter: " + request + " is not open; did you mean gpu1/shop/llm/llama3_8b:approve.2?\n", ""},
		"malformed":            {house{fault: temporal.NewApplicationError("who is it", activities.InvalidInput)}, "", exitUsage, "", "starter: gpu1/shop/llm/llama3_8b: who is it\n", ""},
		"the server is away":   {house{fault: serviceerror.NewUnavailable("gone")}, "", exitMissing, "", "starter: Temporal: gone; see starter doctor\n", ""},
		"the plan that is":     {house{reply: runbook.Reply{Accepted: true, Message: "done"}}, "0123456789ab", exitDone, "done\n", "", planSHA256},
		"the plan has changed": {house{}, "ffffffffffff", exitNo, "", "starter: --plan: the plan is 0123456789ab; look at it with starter gate list\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			open := approval("runbook/gpu1/shop/llm/llama3_8b", "approve")
			if c.plan == "" {
				open.Request.ID = "runbook/gpu1/shop/llm/llama3_8b:approve.2"
			}
			c.house.atWork = map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/llama3_8b": open}
			answer := workflows.RunbookAnswer{Request: request, Approve: true, By: me(), PlanSHA256: c.plan}
			code, out, errs := says(t, "text", func(s *starter) error {
				return s.answerRun(t.Context(), c.house.connection(), "runbook/gpu1/shop/llm/llama3_8b", answer)
			})
			require.Equal(t, c.errs, errs)
			require.Equal(t, c.out, out)
			require.Equal(t, c.code, code)
			if c.house.heard.WorkflowID == "" {
				require.Contains(t, name, "plan has changed")
				return
			}
			answer.PlanSHA256 = c.asPlan
			require.Equal(t, client.UpdateWorkflowOptions{
				WorkflowID: "runbook/gpu1/shop/llm/llama3_8b", UpdateName: "answer", Args: []any{answer}, WaitForStage: client.WorkflowUpdateStageCompleted,
			}, c.house.heard)
		})
	}
}

// A run that does not answer in time may still do as it was told.
func TestAnswerOfNobody(t *testing.T) {
	h := &house{fault: client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)}
	_, err := tell(t.Context(), h, "runbook/gpu1/shop/llm", "answer", workflows.RunbookAnswer{})
	requireFailure(t, err, exitMissing, activities.Unavailable)
	require.ErrorContains(t, err, "one may still do as it was told")
}

func TestRequestRun(t *testing.T) {
	for request, want := range map[string][2]string{
		"llm/llama3_8b:approve.1":           {"llm/llama3_8b", "approve.1"},
		"handover:ask.1":                    {"handover", "ask.1"},
		"handover/:ask.1":                   {"handover/", "ask.1"},
		"llm/a/b:sub/approve.12":            {"llm/a/b", "sub/approve.12"},
		"runbook/gpu1/shop/llm/x:approve.1": {"runbook/gpu1/shop/llm/x", "approve.1"},
		"llm/llama3_8b":                     {}, "approve.1": {}, ":approve.1": {}, "llm:": {}, "": {},
	} {
		run, rest, err := requestRun(request)
		require.Equal(t, want, [2]string{run, rest}, request)
		if run == "" {
			requireFailure(t, err, exitUsage, activities.InvalidInput)
		}
	}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		house house
		run   string
		code  int
		out   string
		errs  string
	}{
		"accepted":    {house{reply: runbook.Reply{Accepted: true, Message: "pause: restart"}}, "gpu1/shop/llm/llama3_8b", exitDone, "pause: restart\n", ""},
		"denied":      {house{reply: runbook.Reply{Message: "it is paused already"}}, "gpu1/shop/llm/llama3_8b", exitNo, "", "starter: gpu1/shop/llm/llama3_8b: it is paused already\n"},
		"over":        {house{fault: temporal.NewApplicationError("the run is over: failed", activities.PreconditionFailed)}, "gpu1/shop/llm/llama3_8b", exitNo, "", "starter: gpu1/shop/llm/llama3_8b: the run is over: failed\n"},
		"misspelled":  {house{fault: noRun}, "gpu1/shop/llm/lama3_8b", exitNo, "", "starter: gpu1/shop/llm/lama3_8b does not run; did you mean gpu1/shop/llm/llama3_8b?\n"},
		"without key": {house{fault: noRun}, "gpu1/shop/llm", exitNo, "", "starter: gpu1/shop/llm does not run; did you mean gpu1/shop/llm/llama3_8b?\n"},
		"unlike":      {house{fault: noRun}, "gpu2/bank/database/main", exitNo, "", "starter: gpu2/bank/database/main does not run; see starter runbook status\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.house.atWork = map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/llama3_8b": approval("runbook/gpu1/shop/llm/llama3_8b", "approve")}
			order := workflows.RunbookOrder{Verb: runbook.Pause, By: me()}
			code, out, errs := says(t, "text", func(s *starter) error { return s.order(t.Context(), c.house.connection(), runPrefix+c.run, order) })
			require.Equal(t, c.errs, errs)
			require.Equal(t, c.out, out)
			require.Equal(t, c.code, code)
			require.Equal(t, "operate", c.house.heard.UpdateName)
			require.Equal(t, []any{order}, c.house.heard.Args)
		})
	}
}
