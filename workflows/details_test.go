package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func TestServiceDetails(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 9, 10, 0, time.UTC)
	got := serviceDetails(ServiceResult{
		Host: "gpu-1", Project: "shop", Service: "app", From: new(1), To: 4, Outcome: RolledBack, By: "anna@gpu-1", Why: "black Friday", Reason: "no image",
		Phases: []Phase{{Name: "start", Detail: "3 replicas", Started: at, Ended: at.Add(1500 * time.Millisecond)}, {Name: "undo", Started: at}},
		Undone: []string{"3 new replicas removed"}, Warnings: []string{"slow"},
	})
	require.Equal(t, `## shop/app 1 → 4 on gpu-1: rolled\_back

Asked by anna@gpu-1. black Friday

**no image**

| phase | started (UTC) | seconds | |
|---|---|---|---|
| start | 08:09:10 | 1.5 | 3 replicas |
| undo | 08:09:10 | … |  |
- put back: 3 new replicas removed
- note: slow
`, got)
}

// What a container logged changes nothing of the page: not its table, not its markup.
func TestDetailsKeepTextAsItIs(t *testing.T) {
	const log = "exited with code 3; its last lines: a | b\n| c |\n`rm` <script>alert(1)</script> **x** [y](http://z) \\| &amp; _q_"
	const shown = "exited with code 3; its last lines: a \\| b \\| c \\| \\`rm\\` \\<script\\>alert(1)\\</script\\> \\*\\*x\\*\\* \\[y\\](http://z) \\\\\\| \\&amp; \\_q\\_"
	at := time.Date(2026, 3, 1, 8, 9, 10, 0, time.UTC)
	service := serviceDetails(ServiceResult{
		Why: log, Reason: log, Phases: []Phase{{Name: "warm-up", Detail: log, Started: at, Ended: at}}, Undone: []string{log}, Warnings: []string{log}, By: "anna@gpu-1",
	})
	require.Contains(t, service, "| warm-up | 08:09:10 | 0.0 | "+shown+" |\n")
	require.Equal(t, 5, strings.Count(service, shown), service)

	status := RunbookStatus{Request: &request.Request{Message: log, Groups: []string{log}}}
	status.RunbookResult = RunbookResult{Why: log, Reason: log, Undone: []string{log}, NotUndone: []string{log}, Steps: []RunbookStep{
		{Path: "restart", Kind: runbook.Action, StepState: runbook.StepState{Attempt: 1, Outcome: runbook.Failed, Message: log}},
	}}
	book := runbookDetails(status)
	require.Contains(t, book, "| restart | action | failed | "+shown+" |\n")
	require.Equal(t, 7, strings.Count(book, shown), book)
}

// What a yes allows is shown as it is: in a block of code blanks stay, and a value makes no line of its own.
func TestDetailsShowWhatIsAllowed(t *testing.T) {
	page := runbookDetails(RunbookStatus{Request: &request.Request{ID: "w:ask.1@0123abcd", Kind: request.Approval, Choices: []string{request.Approve}, Allows: []request.Effect{
		{Step: "work", Uses: "command.run", Arguments: condition.Values{"command": "say", "text": "a  b\n```"}},
	}}})
	require.Contains(t, page, "```\n# allows work: command.run command=say text=\"a  b\\n```\"\nstarter gate approve w:ask.1@0123abcd\n```\n")
}

func TestCutKeepsRunesWhole(t *testing.T) {
	for n := 4; n < 40; n++ {
		got := cut(strings.Repeat("aé→😀", 10), n)
		require.True(t, utf8.ValidString(got), "%q", got)
		require.LessOrEqual(t, len(got), n)
		require.True(t, strings.HasSuffix(got, "…"))
	}
	require.Equal(t, "short", cut("short", 5))
}

func TestReasonLeavesTemporalsFrameOut(t *testing.T) {
	require.Equal(t, "no image", Reason(temporal.NewNonRetryableApplicationError("no image", "PreconditionFailed", nil)))
	require.Equal(t, "cancelled", Reason(temporal.NewCanceledError()))
	require.Equal(t, "plain", Reason(errors.New("plain")))
	require.Empty(t, Reason(nil))
	require.Equal(t, "it was terminated at the Temporal server", Reason(&temporal.TerminatedError{}))
	require.Equal(t, "ask app: time ran out", Reason(fmt.Errorf("ask app: %w", context.DeadlineExceeded)))
	lost := temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil)
	require.Equal(t, "its worker stopped, or lost the server, while it ran", Reason(lost))
	require.Equal(t, "no worker took it in time; the attempt before: its worker stopped, or lost the server, while it ran",
		Reason(temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, lost)))
	require.Equal(t, "no image", Reason(temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, temporal.NewApplicationError("no image", "Unavailable"))))
}
