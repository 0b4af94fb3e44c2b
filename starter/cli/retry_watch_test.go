package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenkeel/evenkeel/workflows"
)

// scheduled is the event of an activity that was begun at second 0.
func scheduled(t *testing.T, event int64, id, summary string) *historypb.HistoryEvent {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayload(summary)
	require.NoError(t, err)
	return &historypb.HistoryEvent{
		EventId: event, EventTime: timestamppb.New(opened), EventType: enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, UserMetadata: &sdkpb.UserMetadata{Summary: payload},
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
			ActivityId: id, ActivityType: &commonpb.ActivityType{Name: "StartReplicas"},
		}},
	}
}

func completed(event, of int64, seconds int) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventId: event, EventTime: timestamppb.New(later(seconds)), EventType: enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{ScheduledEventId: of}},
	}
}

func described(pending ...*workflowpb.PendingActivityInfo) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING}, PendingActivities: pending,
	}
}

// withChild is a run of a runbook whose scale is retried, beside a child that has ended meanwhile.
func withChild(t *testing.T) *house {
	t.Helper()
	parent := described()
	parent.PendingChildren = []*workflowpb.PendingChildExecutionInfo{{WorkflowId: "gone"}, {WorkflowId: "scale/gpu-1/shop/app", RunId: "r"}}
	return &house{
		atWork: map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm": approval("runbook/gpu1/shop/llm", "approve")},
		pending: map[string]*workflowservice.DescribeWorkflowExecutionResponse{
			"runbook/gpu1/shop/llm": parent, "scale/gpu-1/shop/app": described(backingOff("7", 4, "minimum memory limit allowed is 6MB")),
		},
		past: map[string][]*historypb.HistoryEvent{"scale/gpu-1/shop/app": {scheduled(t, 5, "5", "lock"), scheduled(t, 7, "7", "start 3 replicas")}},
	}
}

const childHeldUp = "scale/gpu-1/shop/app: start 3 replicas: attempt 4, next in 0 s; last: minimum memory limit allowed is 6MB"

func TestLookAtChildren(t *testing.T) {
	h := withChild(t)
	l := newRetryLooker(h)
	for range 2 {
		all, busy, err := l.look(t.Context(), "runbook/gpu1/shop/llm", "", later(9))
		require.NoError(t, err)
		require.True(t, busy)
		require.Len(t, all, 1)
		require.Equal(t, childHeldUp, all[0].line(later(9)))
		h.past = nil // the words are looked up once
	}
	h.pending["runbook/gpu1/shop/llm"] = described()
	all, busy, err := l.look(t.Context(), "runbook/gpu1/shop/llm", "", later(9))
	require.NoError(t, err)
	require.False(t, busy)
	require.Empty(t, all)
	_, _, err = l.look(t.Context(), "never", "", later(9))
	require.Error(t, err)
}

// Why the workflow's own code is carried out again stands in the history only.
func TestLookAtWorkflowTask(t *testing.T) {
	d := described()
	d.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: enums.PENDING_WORKFLOW_TASK_STATE_STARTED, Attempt: 3}
	h := &house{
		pending: map[string]*workflowservice.DescribeWorkflowExecutionResponse{"a": d},
		past: map[string][]*historypb.HistoryEvent{"a": {{
			EventType: enums.EVENT_TYPE_WORKFLOW_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{
				Failure: &failurepb.Failure{Message: "another version of the workflow wrote this history"},
			}},
		}}},
	}
	all, _, err := newRetryLooker(h).look(t.Context(), "a", "", opened)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "workflow task: attempt 3; last: another version of the workflow wrote this history", all[0].line(opened))
}

// The lists show what is retried, that of a child under its parent unless it is in the list itself.
func TestListsShowRetries(t *testing.T) {
	h := withChild(t)
	_, out, _ := says(t, "text", func(s *starter) error { return s.runbookRuns(t.Context(), h.connection()) })
	require.Contains(t, out, "\n\nHELD UP        BY\ngpu1/shop/llm  "+childHeldUp+"\n")
	_, out, _ = says(t, "text", func(s *starter) error { return s.runbookRun(t.Context(), h.connection(), "llm") })
	require.Contains(t, out, "\nheld up: "+childHeldUp+"\n")

	all, _, err := runs(t.Context(), h.connection(), runbooksAtWork, 10)
	require.NoError(t, err)
	all = append(all, run{ID: "scale/gpu-1/shop/app", RunID: "r"}, run{ID: "runbook/other"})
	findRetrying(t.Context(), h, all)
	_, out, _ = says(t, "text", func(s *starter) error { s.printOverview(overview{Running: all}); return nil })
	require.Contains(t, out, "\nHELD UP               BY\nscale/gpu-1/shop/app  start 3 replicas: attempt 4, next in 0 s; last: minimum memory limit allowed is 6MB\n")
	require.NotContains(t, out, childHeldUp)

	document, err := json.Marshal(all)
	require.NoError(t, err)
	var got []map[string]any
	require.NoError(t, json.Unmarshal(document, &got))
	want := map[string]any{
		"activity": "StartReplicas", "summary": "start 3 replicas", "attempt": 4.0, "last_error": "minimum memory limit allowed is 6MB",
		"next_attempt_at": later(8).Format(time.RFC3339),
	}
	require.Equal(t, []any{want}, got[1]["retrying"])
	require.NotContains(t, got[2], "retrying")
	want["workflow_id"] = "scale/gpu-1/shop/app"
	require.Equal(t, []any{want}, got[0]["retrying"])
}
