package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/workflows"
)

func step(path string, outcome runbook.StepOutcome, attempt, seconds int) workflows.RunbookStep {
	s := workflows.RunbookStep{Path: path, Kind: runbook.Action, StepState: runbook.StepState{Outcome: outcome, Attempt: attempt, Started: opened}}
	if outcome != "" {
		s.Ended = opened.Add(time.Duration(seconds) * time.Second)
	}
	return s
}

// Each end of a step is told once, a step that is done again when it ends again, a request once and again
// when it has changed.
func TestProgress(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var out bytes.Buffer
	p := &runbookProgress{out: terminal.NewWriter(&out), run: "llm/x", told: map[string]time.Time{}}
	at := func(seconds int) time.Time { return opened.Add(time.Duration(seconds) * time.Second) }
	status := approval("runbook/llm/x", "approve")
	waiting := status.Request
	status.Request = nil
	status.Steps = []workflows.RunbookStep{step("confirm", runbook.OK, 0, 5), step("restart", "", 1, 0)}
	p.show(status, at(6))
	p.show(status, at(7))
	p.silence(at(8))
	p.silence(at(9))
	status.Steps[1] = step("restart", runbook.Unclear, 1, 10)
	p.show(status, at(11))
	status.Steps[1].Attempt = 2 // it is at work again and has still its former outcome
	p.show(status, at(12))
	status.Steps[1] = step("restart", runbook.OK, 2, 13)
	status.Request = waiting
	p.show(status, at(14))
	p.show(status, at(15))
	waiting.Answers = []string{"bob@gpu-1"}
	p.show(status, at(16))
	require.Equal(t, `12:00:05 ok confirm
12:00:08 no worker answers; the run goes on when one does
12:00:11 a worker answers again
12:00:10 unknown restart
12:00:13 ok restart
12:00:00 waits: Restart it? (approval by oncall, until 2026-11-25 12:15:00)
         starter gate approve runbook/llm/x:approve.1@0123abcd
         starter gate reject runbook/llm/x:approve.1@0123abcd --reason REASON
12:00:16 waits: Restart it? (approval by oncall, until 2026-11-25 12:15:00)
         starter gate approve runbook/llm/x:approve.1@0123abcd
         starter gate reject runbook/llm/x:approve.1@0123abcd --reason REASON
`, out.String())
}

// On a terminal the step at work is shown too, and written over by what comes next.
func TestLiveProgress(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var out bytes.Buffer
	p := &runbookProgress{out: terminal.NewWriter(&out), live: true, columns: 80, run: "llm/x", told: map[string]time.Time{}}
	status := approval("runbook/llm/x", "restart")
	status.Request, status.Phase = nil, runbook.Acting
	status.Steps = []workflows.RunbookStep{step("restart", "", 1, 0)}
	p.show(status, opened)
	status.Steps[0] = step("restart", runbook.OK, 1, 2)
	p.steps(status.Steps)
	require.Equal(t, "12:00:00 acting restart …\r\x1b[K12:00:02 ok restart\n", out.String())
}
