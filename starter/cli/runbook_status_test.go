package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

func TestStatusOfOneRun(t *testing.T) {
	status := approval("runbook/gpu1/shop/llm/llama3_8b", "approve")
	status.Why, status.Inputs, status.PlanSHA256, status.PauseBy = "it is ill", condition.Values{"model": "llama3_8b"}, planSHA256, "bob@gpu-1"
	status.Steps = []workflows.RunbookStep{step("confirm", runbook.OK, 0, 5), step("restart", runbook.Failed, 1, 9), step("approve", "", 0, 0)}
	status.Steps[1].Message = "no\nway"
	h := &house{atWork: map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/llama3_8b": status}}
	code, out, _ := says(t, "text", func(s *starter) error { return s.runbookRun(t.Context(), h.connection(), "llm/llama3_8b") })
	require.Equal(t, exitDone, code)
	require.Equal(t, strings.ReplaceAll(`llm llama3_8b: running
  on gpu1/shop since 2026-11-25 12:00:00, started by anna@gpu-1: it is ill
  with model=llama3_8b
  plan PLAN
  pauses before the next step, for bob@gpu-1
STEP     KIND    ATTEMPT  OUTCOME  AT        MESSAGE
confirm  action           ok       12:00:05  
restart  action  1        failed   12:00:09  no way
approve  action           asking   12:00:00  
waits: Restart it?
  approval by oncall until 2026-11-25 12:15:00
  plan PLAN
  > starter gate approve runbook/gpu1/shop/llm/llama3_8b:approve.1@0123abcd
  > starter gate reject runbook/gpu1/shop/llm/llama3_8b:approve.1@0123abcd --reason REASON
`, "PLAN", planSHA256), out)

	code, out, _ = says(t, "json", func(s *starter) error {
		return s.runbookRun(t.Context(), h.connection(), "runbook/gpu1/shop/llm/llama3_8b")
	})
	require.Equal(t, exitDone, code)
	for _, line := range []string{`"workflow_id": "runbook/gpu1/shop/llm/llama3_8b"`, `"outcome": "running"`, `"phase": "asking"`, `"id": "runbook/gpu1/shop/llm/llama3_8b:approve.1@0123abcd"`} {
		require.Contains(t, out, line)
	}
}

// A run that has ended needs no worker; one that is not there is an answer.
func TestStatusOfEndedRun(t *testing.T) {
	h := &house{over: end(runbook.RolledBack)}
	h.over.id = "runbook/gpu1/shop/llm"
	code, out, _ := says(t, "text", func(s *starter) error { return s.runbookRun(t.Context(), h.connection(), "llm") })
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "llm llama3_8b: rolled back: restart: no\n")
	require.Contains(t, out, "  ended at 2026-11-25 12:01:00\n")
	require.Contains(t, out, "  could not be put back: drain: gone\n")

	code, _, errs := says(t, "text", func(s *starter) error { return s.runbookRun(t.Context(), h.connection(), "other") })
	require.Equal(t, exitNo, code)
	require.Equal(t, "starter: no run has the name other; see starter runbook status\n", errs)

	h.atWork = map[string]workflows.RunbookStatus{"runbook/gpu1/shop/lost": {}}
	code, _, errs = says(t, "text", func(s *starter) error { return s.runbookRun(t.Context(), h.connection(), "lost") })
	require.Equal(t, exitMissing, code)
	require.Equal(t, "starter: gpu1/shop/lost: no worker answers; start `evenkeel` or `worker`\n", errs)
}

func TestStatusOfAllRuns(t *testing.T) {
	for name, c := range map[string]struct {
		status workflows.RunbookStatus
		row    string
		waits  string
	}{
		"at a gate": {approval("runbook/gpu1/shop/llm", "approve"), "gpu1/shop/llm approve asking approval by oncall until 2026-11-25 12:15:00 2026-11-25 12:00:00", "waits for approval by oncall until 2026-11-25 12:15:00"},
		"at work": {workflows.RunbookStatus{
			RunbookResult: workflows.RunbookResult{Runbook: "llm", Steps: []workflows.RunbookStep{{Path: "watch", StepState: runbook.StepState{Started: opened.Add(time.Minute)}}}},
			At:            "watch", Phase: runbook.Watching,
		}, "gpu1/shop/llm watch watching 2026-11-25 12:01:00", ""},
		"silent": {workflows.RunbookStatus{}, "gpu1/shop/llm unknown no worker answers 2026-11-25 12:00:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{atWork: map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm": c.status}}
			code, out, _ := says(t, "text", func(s *starter) error { return s.runbookRuns(t.Context(), h.connection()) })
			require.Equal(t, exitDone, code)
			head, row, _ := strings.Cut(out, "\n")
			require.Equal(t, "RUN AT PHASE WAITS FOR SINCE", strings.Join(strings.Fields(head), " "))
			require.Equal(t, c.row, strings.Join(strings.Fields(row), " "))

			all, _, err := runs(t.Context(), h.connection(), runbooksAtWork, 10)
			require.NoError(t, err)
			findWaiting(t.Context(), h, all)
			require.Equal(t, c.waits, all[0].atWork())
		})
	}
	_, out, _ := says(t, "text", func(s *starter) error { return s.runbookRuns(t.Context(), (&house{}).connection()) })
	require.Equal(t, "no runbook is running\n", out)
}
