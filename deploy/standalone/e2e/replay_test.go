//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/workflows"
)

// replayLimit is ten times what the replay of all runs of a test takes.
const replayLimit = 2 * time.Minute

// replay runs the workflow code against every history that the test has made: whatever was killed when, the code
// decides the same again. Where EVENKEEL_HISTORIES names a folder, one history of each kind is kept there.
func (s *site) replay() {
	ctx, cancel := context.WithTimeout(context.Background(), replayLimit)
	defer cancel()
	quiet := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	replayed := 0
	for _, run := range s.allRuns(ctx) {
		history := &historypb.History{}
		events := s.client.GetWorkflowHistory(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(s.t, err)
			history.Events = append(history.Events, event)
		}
		// A run calls by its own ids what it starts to tell people.
		of := worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: run.GetExecution().GetWorkflowId(), RunID: run.GetExecution().GetRunId()}}
		if err := replayer.ReplayWorkflowHistoryWithOptions(quiet, history, of); err != nil {
			s.t.Errorf("%s does not replay: %v", run.GetExecution(), err)
			continue
		}
		replayed++
		s.keepHistory(run, history)
	}
	s.t.Logf("%d runs replayed", replayed)
}

// allRuns are the runs of our workflows, at work and ended.
func (s *site) allRuns(ctx context.Context) []*workflowpb.WorkflowExecutionInfo {
	var runs []*workflowpb.WorkflowExecutionInfo
	var token []byte
	for {
		page, err := s.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "TaskQueue = '" + workflows.TaskQueue + "'", NextPageToken: token})
		require.NoError(s.t, err)
		runs = append(runs, page.GetExecutions()...)
		if token = page.GetNextPageToken(); len(token) == 0 {
			return runs
		}
	}
}

// keepHistory writes the history of a run that has ended, unless one of its kind is there.
func (s *site) keepHistory(run *workflowpb.WorkflowExecutionInfo, history *historypb.History) {
	dir := os.Getenv("EVENKEEL_HISTORIES")
	if dir == "" || run.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return
	}
	name := fmt.Sprintf("%s-%s-%s.json", run.GetType().GetName(), strings.ToLower(run.GetStatus().String()), strings.ReplaceAll(s.t.Name(), "/", "-"))
	file := filepath.Join(dir, name)
	if _, err := os.Stat(file); err == nil {
		return
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(file, text, 0o600))
}
