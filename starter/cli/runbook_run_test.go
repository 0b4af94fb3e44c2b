package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

func planned() activities.RunbookPlan {
	return activities.RunbookPlan{
		Plan: runbook.Plan{
			Runbook: "llm", Key: "llama3_8b", Host: "gpu1", Project: "shop", Inputs: condition.Values{"model": "llama3_8b"}, SHA256: planSHA256, Definition: "d",
		},
		Policy: runbook.Reject, Installed: true,
	}
}

func TestPlanText(t *testing.T) {
	plan := planned()
	plan.Steps = []runbook.Planned{
		{Path: "confirm", Kind: runbook.Check, Decision: runbook.PlanChecked, Note: "!result.healthy holds"},
		{Path: "restart", Kind: runbook.Action, Risk: runbook.Destructive, Decision: runbook.PlanRun, Uses: "service.restart", With: condition.Values{"service": "llm", "n": float64(2)}},
		{Path: "tell", Kind: runbook.Notify, Decision: runbook.PlanRun, Note: "It is\nback."},
	}
	plan.Readings = map[string]runbook.Reading{
		"p95": {At: opened.Add(-90 * time.Second), Values: condition.Values{"value": 4.25}},
		"gpu": {At: opened, Fault: "no driver"},
	}
	_, out, _ := says(t, "text", func(s *starter) error { s.printPlanned(plan, opened); return nil })
	require.Equal(t, `Plan of llm llama3_8b on gpu1/shop
Inputs: model=llama3_8b
#  DECISION  STEP     KIND                DOES                             NOTE
1  checked   confirm  check                                                !result.healthy holds
2  run       restart  action destructive  service.restart n=2 service=llm  
3  run       tell     notify                                               It is back.
[READ] gpu: no value: no driver
[READ] p95: value=4.25, 1m30s old
plan `+planSHA256+"\n", out)
}

func TestPlanAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*activities.RunbookPlan)
		plan   string
		code   int
		last   string
		errs   string
	}{
		"it would run":     {func(*activities.RunbookPlan) {}, "", exitDone, "plan " + planSHA256, ""},
		"nothing to do":    {func(p *activities.RunbookPlan) { p.NotNeeded = true }, "", exitDone, "There is nothing to do.\nplan " + planSHA256, ""},
		"refused":          {func(p *activities.RunbookPlan) { p.Refusals = []string{"too hot"} }, "", exitNo, "[REFUSED] too hot\nplan " + planSHA256, ""},
		"suppressed":       {func(p *activities.RunbookPlan) { p.Suppressed = "breaker: 3 runs" }, "", exitNo, "[SUPPRESSED] breaker: 3 runs\n  to run it in spite of that: --override --reason REASON\nplan " + planSHA256, ""},
		"nobody can tell":  {func(p *activities.RunbookPlan) { p.Unasked = "the ledger is away" }, "", exitDone, "[UNKNOWN] whether cooldown or breaker suppress it: the ledger is away\nplan " + planSHA256, ""},
		"the plan is that": {func(*activities.RunbookPlan) {}, planSHA256[:12], exitDone, "plan " + planSHA256, ""},
		"another plan":     {func(*activities.RunbookPlan) {}, "ffffffffffff", exitNo, "plan " + planSHA256, "starter: --plan: the plan has changed: it is 0123456789ab now; look at it with starter runbook plan\n"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := planned()
			c.change(&plan)
			code, out, errs := says(t, "text", func(s *starter) error { return s.printRunbookPlan(plan, runbookOptions{plan: c.plan}) })
			require.Equal(t, c.code, code)
			require.Equal(t, c.errs, errs)
			require.True(t, strings.HasSuffix(out, c.last+"\n"), out)
		})
	}
}

// end is a run's error with its result in the details, as a run that did not end well has it.
func end(outcome runbook.Outcome) ended {
	return ended{err: temporal.NewNonRetryableApplicationError("llm: x", string(outcome), nil, workflows.RunbookResult{
		Runbook: "llm", Key: "llama3_8b", Outcome: outcome, Reason: "restart: no", Undone: []string{"open_breaker"}, NotUndone: []string{"drain: gone"},
		Steps: []workflows.RunbookStep{
			{Path: "restart", StepState: runbook.StepState{Outcome: runbook.Failed, Message: "no", Ended: opened.Add(9 * time.Second)}},
			{Path: "confirm", StepState: runbook.StepState{Outcome: runbook.OK, Ended: opened.Add(5 * time.Second)}},
			{Path: "watch", StepState: runbook.StepState{Started: opened}},
		},
	})}
}

// A run is followed to its end: what ended is told in the order in which it did.
func TestRunIsFollowed(t *testing.T) {
	h := &house{over: end(runbook.RollbackIncomplete)}
	call := activities.RunbookCall{By: "anna@gpu-1", Inputs: condition.Values{"model": "llama3_8b"}}
	code, out, errs := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), call, runbookOptions{why: "it is ill", override: true, plan: planSHA256[:12]})
	})
	require.Equal(t, exitFailed, code)
	require.Empty(t, errs)
	_, told, _ := strings.Cut(out, "plan 0123456789ab of llm llama3_8b on gpu1/shop\n")
	at := strings.Index(told, "12:00:05 ")
	require.GreaterOrEqual(t, at, 0, out)
	require.Equal(t, `12:00:05 ok confirm
12:00:09 failed restart: no
llm llama3_8b: rollback incomplete: restart: no
  put back: open_breaker
  could not be put back: drain: gone
`, told[at:])
	require.Equal(t, "runbook/gpu1/shop/llm/llama3_8b", h.started.ID)
	require.Equal(t, "evenkeel", h.started.TaskQueue)
	require.Equal(t, "llm llama3_8b on gpu1/shop by someone who says it is anna@gpu-1", h.started.StaticSummary)
	require.True(t, h.started.WorkflowExecutionErrorWhenAlreadyStarted)
	require.Equal(t, workflows.RunbookRequest{
		Name: "llm", Inputs: call.Inputs, Host: "gpu1", Project: "shop", By: "anna@gpu-1", Why: "it is ill", Override: true, PlanSHA256: planSHA256,
	}, h.request)
}

// What a run waits for is told with the commands that answer it.
func TestRunWaits(t *testing.T) {
	paused := approval("runbook/gpu1/shop/llm/x", "restart")
	paused.Request.Kind, paused.Request.Groups, paused.Request.Choices = request.Order, nil, []string{runbook.Resume, runbook.Abort}
	h := &house{
		atWork: map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/x": paused}, answered: make(chan struct{}, 1),
		over: ended{result: workflows.RunbookResult{Runbook: "llm", Key: "x", Outcome: runbook.Succeeded}},
	}
	code, out, _ := says(t, "text", func(s *starter) error {
		return s.followRunbook(t.Context(), h, h.GetWorkflow(t.Context(), "runbook/gpu1/shop/llm/x", "r"))
	})
	require.Equal(t, exitDone, code)
	require.Equal(t, `12:00:00 waits: Restart it? (an operator's order, until 2026-11-25 12:15:00)
         starter runbook resume runbook/gpu1/shop/llm/x:restart.1@0123abcd
         starter runbook abort runbook/gpu1/shop/llm/x:restart.1@0123abcd --reason REASON
llm x: succeeded
`, out)
}

func TestRunOutcomes(t *testing.T) {
	for outcome, want := range map[runbook.Outcome]int{
		runbook.Succeeded: exitDone, runbook.NotNeeded: exitDone,
		runbook.Suppressed: exitNo, runbook.Refused: exitNo, runbook.Rejected: exitNo,
		runbook.RunFailed: exitFailed, runbook.RolledBack: exitFailed, runbook.RollbackIncomplete: exitFailed, runbook.Aborted: exitFailed,
	} {
		t.Run(string(outcome), func(t *testing.T) {
			over := end(outcome)
			if want == exitDone || outcome == runbook.Suppressed { // these are no errors
				over = ended{result: workflows.RunbookResult{Runbook: "llm", Outcome: outcome}}
			}
			code, out, _ := says(t, "json", func(s *starter) error {
				return s.runPlanned(t.Context(), (&house{over: over}).connection(), planned(), activities.RunbookCall{}, runbookOptions{})
			})
			require.Equal(t, want, code)
			_, told, _ := says(t, "text", func(s *starter) error { return s.printRunbookResult(over.result) })
			require.Equal(t, over.result.Outcome == runbook.Suppressed, strings.Contains(told, "\n  to run it in spite of that: --override --reason REASON\n"), told)
			require.Contains(t, out, `"outcome": "`+string(outcome)+`"`)
		})
	}
}

// endedBy is how a client hears that a run ended without a result.
func endedBy(why string) error {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(func(workflow.Context) error { return errors.New(why) }, workflow.RegisterOptions{Name: "run"})
	env.ExecuteWorkflow("run")
	return env.GetWorkflowError()
}

// Nobody can say what a run did that was terminated.
func TestRunTerminated(t *testing.T) {
	h := &house{over: ended{err: endedBy("terminated")}}
	code, out, _ := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "llm llama3_8b: rollback incomplete: terminated")
}

// A connection that is lost says nothing of the run.
func TestRunOutOfSight(t *testing.T) {
	h := &house{over: ended{err: serviceerror.NewUnavailable("connection refused")}}
	code, out, told := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitMissing, code)
	require.NotContains(t, out, "rollback incomplete")
	require.Contains(t, told, "llama3_8b: no more can be read of it: connection refused; the run goes on; see starter runbook status runbook/gpu1/shop/llm/llama3_8b\n")
}

func TestNothingIsStarted(t *testing.T) {
	refused := planned()
	refused.Refusals = []string{"the GPU is lost", "too hot"}
	h := &house{}
	code, out, _ := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), refused, activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitNo, code)
	require.Equal(t, "plan 0123456789ab of llm llama3_8b on gpu1/shop\n[REFUSED] the GPU is lost\n[REFUSED] too hot\nNothing was started.\n", out)
	code, out, _ = says(t, "json", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), refused, activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitNo, code)
	require.Contains(t, out, `"reason": "the GPU is lost; too hot"`)
	require.Contains(t, out, `"outcome": "refused"`)

	code, _, errs := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{plan: "ffffffffffff"})
	})
	require.Equal(t, exitNo, code)
	require.Equal(t, "starter: --plan: the plan has changed: it is 0123456789ab now; look at it with starter runbook plan\n", errs)
	require.Empty(t, h.started.ID)
}

// One run about the same thing refuses a second, or is joined: then exactly that run is followed.
func TestRunAtWork(t *testing.T) {
	h := &house{atWork: map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/llama3_8b": approval("runbook/gpu1/shop/llm/llama3_8b", "approve")}}
	code, _, errs := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitNo, code)
	require.Equal(t, "starter: runbook/gpu1/shop/llm/llama3_8b is at work since 2026-11-25 12:00:00, started by anna@gpu-1; follow it with starter runbook status runbook/gpu1/shop/llm/llama3_8b\n", errs)
	claimed := h.atWork["runbook/gpu1/shop/llm/llama3_8b"]
	claimed.Claimed = true
	h.atWork["runbook/gpu1/shop/llm/llama3_8b"] = claimed
	require.Equal(t, " is at work since 2026-11-25 12:00:00, started by someone who says it is anna@gpu-1", sinceWhen(t.Context(), h, "runbook/gpu1/shop/llm/llama3_8b"))
	claimed.Claimed = false
	h.atWork["runbook/gpu1/shop/llm/llama3_8b"] = claimed

	joins := planned()
	joins.Policy = runbook.Join
	same := h.atWork["runbook/gpu1/shop/llm/llama3_8b"]
	same.Inputs, same.PlanSHA256 = joins.Inputs, joins.SHA256
	h.atWork["runbook/gpu1/shop/llm/llama3_8b"] = same
	h.over = ended{result: workflows.RunbookResult{Runbook: "llm", Key: "llama3_8b", Outcome: runbook.Succeeded}}
	code, out, _ := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), joins, activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "runbook/gpu1/shop/llm/llama3_8b is at work since 2026-11-25 12:00:00, started by anna@gpu-1; joined it\n  > starter runbook status runbook/gpu1/shop/llm/llama3_8b\n")
	require.Contains(t, out, "llm llama3_8b: succeeded\n")
	require.Equal(t, "former", h.over.runID)

	_, out, _ = says(t, "json", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), joins, activities.RunbookCall{}, runbookOptions{noWait: true})
	})
	require.JSONEq(t, `{"workflow_id":"runbook/gpu1/shop/llm/llama3_8b","run_id":"former","joined":true,"next":["starter runbook status runbook/gpu1/shop/llm/llama3_8b"]}`, out)
}

// A run that is joined may be another than the one that was asked for: that is said, and refused where a plan was named.
func TestRunAtWorkIsAnother(t *testing.T) {
	const id = "runbook/gpu1/shop/llm/llama3_8b"
	joins := planned()
	joins.Policy, joins.Inputs = runbook.Join, condition.Values{"model": "llama3_8b", "n": int64(9)}
	for name, c := range map[string]struct {
		inputs condition.Values
		sha256 string
		silent bool
		plan   string
		code   int
		out    string
		errs   string
	}{
		"the same, and named":  {joins.Inputs, planSHA256, false, planSHA256[:12], exitDone, "joined it\n  > starter", ""},
		"another":              {condition.Values{"model": "llama3_8b", "n": float64(1), "dry": true}, shownSHA256, false, "", exitDone, "joined it\n  not what you asked for: its input dry is true, and you left it out\n  not what you asked for: its input n is 1, not 9\n  not what you asked for: its plan is fedcba987654, not 0123456789ab\n", ""},
		"another, and named":   {condition.Values{"model": "llama3_8b", "n": float64(1)}, shownSHA256, false, planSHA256, exitNo, "", "its input n is 1, not 9, its plan is fedcba987654, not 0123456789ab; follow it"},
		"no plan yet, named":   {joins.Inputs, "", false, planSHA256, exitNo, "", "it has no plan yet; follow it"},
		"it is silent":         {joins.Inputs, planSHA256, true, "", exitDone, "not known: no worker answers\n", ""},
		"it is silent, named":  {joins.Inputs, planSHA256, true, planSHA256, exitNo, "", "not known: no worker answers; follow it"},
		"another plan, named":  {joins.Inputs, shownSHA256, false, planSHA256, exitNo, "", "nothing was started: " + id + " is at work since 2026-11-25 12:00:00, started by anna@gpu-1, and its plan is fedcba987654, not 0123456789ab; follow it with starter runbook status " + id + "\n"},
		"the plan has changed": {joins.Inputs, planSHA256, false, "ffffffffffff", exitNo, "", "starter: --plan: the plan has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			status := approval(id, "approve")
			status.Inputs, status.PlanSHA256 = c.inputs, c.sha256
			h := &house{atWork: map[string]workflows.RunbookStatus{id: status}, silent: c.silent, over: ended{result: workflows.RunbookResult{Runbook: "llm", Key: "llama3_8b", Outcome: runbook.Succeeded}}}
			code, out, errs := says(t, "text", func(s *starter) error {
				return s.runPlanned(t.Context(), h.connection(), joins, activities.RunbookCall{}, runbookOptions{plan: c.plan, noWait: true})
			})
			require.Equal(t, c.code, code)
			require.Contains(t, out, c.out)
			require.Contains(t, errs, c.errs)
			require.Equal(t, c.code == exitDone, errs == "")
		})
	}
}

func TestRunStarted(t *testing.T) {
	h := &house{}
	code, out, _ := says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{noWait: true})
	})
	require.Equal(t, exitDone, code)
	const started = "started runbook/gpu1/shop/llm/llama3_8b (run fresh)\n  > starter runbook status runbook/gpu1/shop/llm/llama3_8b\n"
	require.True(t, strings.HasSuffix(out, started), out)
	_, out, _ = says(t, "text", func(s *starter) error {
		return s.runPlanned(t.Context(), h.connection(), planned(), activities.RunbookCall{}, runbookOptions{})
	})
	require.Contains(t, out, started, "one that is followed can be looked at as well")
	require.Empty(t, h.request.PlanSHA256, "who did not name a plan takes what it is")
}

// Ctrl-C leaves the run alone.
func TestRunIsLeftAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, errs := says(t, "text", func(s *starter) error {
		return s.followRunbook(ctx, &house{}, ended{id: "runbook/gpu1/shop/llm"})
	})
	require.Equal(t, exitDetached, code)
	require.Equal(t, "starter: interrupted; the run goes on; see starter runbook status runbook/gpu1/shop/llm\n", errs)
}

// Ctrl-C while a run is started may come too late; before that nothing was started.
func TestStartInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	code, _, errs := says(t, "text", func(s *starter) error {
		return s.runPlanned(ctx, (&house{interrupt: cancel}).connection(), planned(), activities.RunbookCall{}, runbookOptions{})
	})
	require.Equal(t, exitDetached, code)
	require.Equal(t, "starter: interrupted; the run may have started; see starter runbook status runbook/gpu1/shop/llm/llama3_8b\n", errs)

	asked, stop := context.WithCancel(t.Context())
	stop()
	code, _, errs = says(t, "text", func(*starter) error {
		_, err := planRunbook(asked, &connect.Connection{Client: asker{question: question{err: context.Canceled}}}, activities.RunbookCall{})
		return err
	})
	require.Equal(t, exitDetached, code)
	require.Equal(t, "starter: interrupted; nothing was started\n", errs)
}
