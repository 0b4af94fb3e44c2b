package server

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// wiping is a runbook that does something that cannot be taken back, once somebody has approved it, and then waits for
// a person.
func wiping() installed {
	return installed{"wipe": {
		Name: "wipe", Owner: "test", Severity: "Sev3", SHA256: strings.Repeat("0", 64), Concurrency: runbook.Concurrency{Policy: runbook.Reject},
		Steps: []runbook.Step{
			{
				ID: "agree", Kind: runbook.GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 3600, Message: "Wipe it?",
				Gate: &runbook.Gate{Approves: []string{"wipe"}, Min: 1, OnTimeout: runbook.Reject},
			},
			{
				ID: "wipe", Kind: runbook.Action, Uses: "command.run", Risk: runbook.Destructive, TimeoutSeconds: 60, OnUnknown: runbook.Ask,
				With: []runbook.Filled{{Name: "command", Value: runbook.Value{Constant: "nothing"}}},
			},
			{ID: "look", Kind: runbook.Manual, Groups: []string{"oncall"}, TimeoutSeconds: 3600, Message: "Is it gone?"},
		},
	}}
}

// counting is a site whose command leaves a line in a file each time that it runs.
func counting(t *testing.T) (site runSite, times func() int) {
	file := filepath.Join(t.TempDir(), "times")
	site = newRunSite(t, []string{"/bin/sh", "-c", "echo done >> " + file}, wiping())
	return site, timesIn(t, file)
}

// timesIn counts the lines that a command has left in a file.
func timesIn(t *testing.T, file string) func() int {
	return func() int {
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			return 0
		}
		require.NoError(t, err)
		return strings.Count(string(text), "done")
	}
}

const wipeRun = "runbook/bench/bench/wipe"

func (s runSite) begin(t *testing.T) client.WorkflowRun {
	t.Helper()
	start := workflows.StartRunbook(workflows.RunbookRequest{Name: "wipe", Host: "bench", By: "anna@bench"}, workflows.RunbookStart{Project: "bench", Policy: runbook.Reject})
	require.Equal(t, wipeRun, start.Options.ID)
	run, err := s.c.ExecuteWorkflow(t.Context(), start.Options, start.Workflow, start.Request)
	require.NoError(t, err)
	return run
}

// asked waits until a run asks something of a step.
func (s runSite) asked(t *testing.T, step string) request.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		var open []request.Request
		if answer, err := s.c.QueryWorkflow(ctx, wipeRun, "", workflows.OpenRequests); err == nil {
			require.NoError(t, answer.Get(&open))
		}
		if len(open) == 1 && open[0].Step == step {
			return open[0]
		}
		require.NoError(t, ctx.Err(), "nothing is asked of %s: %+v", step, open)
		time.Sleep(tick)
	}
}

// says is a person's word, as starter sends it.
func (s runSite) says(t *testing.T, r request.Request, decision string) (request.Reply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var reply request.Reply
	handle, err := s.c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: wipeRun, UpdateName: workflows.AnswerRequest, UpdateID: uuid.NewString(), WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{s.signed(t, r, request.Answer{Request: r.ID, Shown: r.Shown, Decision: decision, By: "bench@bench", Via: activities.ViaCLI, Reason: "a test"})},
	})
	if err == nil {
		err = handle.Get(ctx, &reply)
	}
	return reply, err
}

// workflowTasks are the ids of the events that end the workflow tasks of a run, and those of what stands between.
func (s runSite) events(t *testing.T, run string) []*historypb.HistoryEvent {
	t.Helper()
	var events []*historypb.HistoryEvent
	history := s.c.GetWorkflowHistory(t.Context(), wipeRun, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

// reset takes a run back to before the workflow task that ends with an event.
func (s runSite) reset(t *testing.T, run string, event int64) string {
	t.Helper()
	answer, err := s.c.WorkflowService().ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: wipeRun, RunId: run},
		Reason: "a test", WorkflowTaskFinishEventId: event, RequestId: uuid.NewString(),
	})
	require.NoError(t, err)
	return answer.GetRunId()
}

// Wherever a run is reset to, one approval is one execution: behind it the step is known to have begun, before it the
// approval is asked for again, and the old word, which the server gives to the new run, does not count.
func TestResetUsesNoApprovalTwice(t *testing.T) {
	site, times := counting(t)
	first := site.begin(t)
	gate := site.asked(t, "agree")
	require.Regexp(t, `^runbook/bench/bench/wipe:agree\.1@[0-9a-f]{8}$`, gate.ID)
	reply, err := site.says(t, gate, request.Approve)
	require.NoError(t, err)
	require.True(t, reply.Accepted, reply.Message)
	site.asked(t, "look")
	require.Equal(t, 1, times())

	var last, before, behind int64 // the workflow tasks that took the approval in, and that used it
	for _, e := range site.events(t, first.GetRunID()) {
		switch {
		case e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			last = e.GetEventId()
		case e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED && before == 0:
			before = last
		case e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == activities.ActOperation && behind == 0:
			behind = last
		}
	}
	require.NotZero(t, before)
	require.NotZero(t, behind)

	site.reset(t, first.GetRunID(), behind)
	unknown := site.asked(t, "wipe")
	require.Equal(t, request.Order, unknown.Kind)
	require.Contains(t, unknown.Message, "begun before")
	require.Equal(t, 1, times())

	site.reset(t, first.GetRunID(), before)
	again := site.asked(t, "agree")
	for deadline := time.Now().Add(time.Minute); again.ID == gate.ID; again = site.asked(t, "agree") { // the old word comes by itself
		require.True(t, time.Now().Before(deadline), "the reset is not noticed")
		time.Sleep(tick)
	}
	_, err = site.says(t, gate, request.Approve)
	require.ErrorContains(t, err, gate.ID+" is not open")
	require.Equal(t, 1, times())
	reply, err = site.says(t, again, request.Approve)
	require.NoError(t, err)
	require.True(t, reply.Accepted, reply.Message)
	site.asked(t, "look")
	require.Equal(t, 2, times(), "for a second approval")
}

// An approval of one run does nothing to the next of the same id.
func TestApprovalOfAnotherRun(t *testing.T) {
	site, times := counting(t)
	site.begin(t)
	old := site.asked(t, "agree")
	_, err := site.says(t, old, request.Reject)
	require.NoError(t, err)
	require.Error(t, site.c.GetWorkflow(t.Context(), wipeRun, "").Get(t.Context(), nil), "it was rejected")
	site.begin(t)
	fresh := site.asked(t, "agree")
	require.Equal(t, old.Short(), fresh.Short())
	_, err = site.says(t, old, request.Approve)
	require.ErrorContains(t, err, old.ID+" is not open")
	wrong := fresh
	wrong.Shown = old.Shown
	reply, err := site.says(t, wrong, request.Approve)
	require.NoError(t, err)
	require.Equal(t, request.Reply{Message: "what was shown is not what is asked now; look at it again"}, reply)
	require.Zero(t, times())
}

// A ledger that is locked for longer than a local activity has does not end a run, and whoever speaks meanwhile has an
// answer at once.
func TestLedgerLocked(t *testing.T) {
	site, times := counting(t)
	run := site.begin(t)
	gate := site.asked(t, "agree")
	db, err := sql.Open("sqlite", site.ledger)
	require.NoError(t, err)
	defer db.Close()
	lock, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
	require.NoError(t, err)
	const locked = 9 * time.Second
	time.AfterFunc(locked, func() { _, _ = lock.ExecContext(context.Background(), "ROLLBACK") })
	began := time.Now()
	reply, err := site.says(t, gate, request.Approve)
	require.NoError(t, err)
	require.True(t, reply.Accepted, reply.Message)
	require.Contains(t, reply.Message, "waits for the ledger")
	require.Less(t, time.Since(began), locked)
	require.Zero(t, times(), "nothing is done that the ledger does not know")
	look := site.asked(t, "look")
	require.Equal(t, 1, times())
	_, err = site.says(t, look, request.Approve)
	require.NoError(t, err)
	var result workflows.RunbookResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Empty(t, result.Unwritten)
}
