package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// later is a time after everything in these tests began.
func later(seconds int) time.Time { return opened.Add(time.Duration(seconds) * time.Second) }

// backingOff is an activity whose attempt before this one failed and that is tried again at second 8.
func backingOff(id string, attempt int32, message string) *workflowpb.PendingActivityInfo {
	return &workflowpb.PendingActivityInfo{
		ActivityId: id, ActivityType: &commonpb.ActivityType{Name: "StartReplicas"}, State: enums.PENDING_ACTIVITY_STATE_SCHEDULED,
		Attempt: attempt, ScheduledTime: timestamppb.New(later(8)), NextAttemptScheduleTime: timestamppb.New(later(8)),
		LastFailure: &failurepb.Failure{Message: message}, ActivityOptions: &activitypb.ActivityOptions{TaskQueue: &taskqueue.TaskQueue{Name: "evenkeel-host-gpu-2"}},
	}
}

// untaken is an activity that lies in its queue since second 0.
func untaken(id string) *workflowpb.PendingActivityInfo {
	a := backingOff(id, 1, "")
	a.ScheduledTime, a.NextAttemptScheduleTime, a.LastFailure = timestamppb.New(opened), nil, nil
	return a
}

func TestRetryLine(t *testing.T) {
	t.Setenv("TZ", "UTC")
	change := func(a *workflowpb.PendingActivityInfo, by func(*workflowpb.PendingActivityInfo)) *workflowpb.PendingActivityInfo {
		by(a)
		return a
	}
	for name, c := range map[string]struct {
		activity *workflowpb.PendingActivityInfo
		at       int
		line     string
	}{
		"between attempts": {backingOff("5", 4, "create shop-app-2: minimum memory limit allowed is 6MB"), 0, "StartReplicas: attempt 4, next in 8 s; last: create shop-app-2: minimum memory limit allowed is 6MB"},
		"overdue":          {backingOff("5", 4, "no"), 20, "StartReplicas: attempt 4, next in 0 s; last: no"},
		"an attempt at work": {change(backingOff("5", 2, "no"), func(a *workflowpb.PendingActivityInfo) {
			a.State, a.NextAttemptScheduleTime = enums.PENDING_ACTIVITY_STATE_STARTED, nil
		}), 60, "StartReplicas: attempt 2; last: no"},
		"first attempt at work": {change(untaken("5"), func(a *workflowpb.PendingActivityInfo) { a.State = enums.PENDING_ACTIVITY_STATE_STARTED }), 3600, ""},
		"just begun":            {untaken("5"), 5, ""},
		"no worker":             {untaken("5"), 6, "StartReplicas: no worker has taken it from evenkeel-host-gpu-2 since 12:00:00"},
		"no worker for days":    {untaken("5"), 100_000, "StartReplicas: no worker has taken it from evenkeel-host-gpu-2 since 2026-11-25 12:00:00"},
		"no worker for the next attempt": {change(untaken("5"), func(a *workflowpb.PendingActivityInfo) {
			a.Attempt, a.LastFailure = 3, &failurepb.Failure{Message: "gone"}
		}), 9, "StartReplicas: no worker has taken it from evenkeel-host-gpu-2 since 12:00:00; attempt 3; last: gone"},
		"worker died": {change(backingOff("5", 2, ""), func(a *workflowpb.PendingActivityInfo) {
			a.LastFailure = &failurepb.Failure{Message: "activity Heartbeat timeout", FailureInfo: &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: enums.TIMEOUT_TYPE_HEARTBEAT}}}
		}), 0, "StartReplicas: attempt 2, next in 8 s; last: its worker stopped, or lost the server, while it ran"},
		"paused": {change(untaken("5"), func(a *workflowpb.PendingActivityInfo) {
			a.Paused, a.State = true, enums.PENDING_ACTIVITY_STATE_PAUSED
		}), 60, "StartReplicas: attempt 1, paused at the Temporal server"},
		"what moves the cursor": {backingOff("5", 2, "a\nb\x1b[2Jc\r\td"), 0, `StartReplicas: attempt 2, next in 8 s; last: a b\u001b[2Jc d`},
	} {
		t.Run(name, func(t *testing.T) {
			r, told := retryOf(c.activity, later(c.at))
			require.Equal(t, c.line != "", told)
			if told {
				require.Equal(t, c.line, r.line(later(c.at)))
			}
		})
	}

	r, _ := retryOf(backingOff("5", 2, strings.Repeat("ü", 5000)), opened)
	require.Len(t, []rune(r.line(opened)), retryRunes)
	require.True(t, strings.HasSuffix(r.line(opened), "ü…"))
}

// The workflow's own code is told of like an activity.
func TestRetryOfWorkflowTask(t *testing.T) {
	t.Setenv("TZ", "UTC")
	task := &workflowpb.PendingWorkflowTaskInfo{State: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, ScheduledTime: timestamppb.New(opened), Attempt: 1}
	_, told := retryOfTask(task, "evenkeel", later(5))
	require.False(t, told)
	r, told := retryOfTask(task, "evenkeel", later(6))
	require.True(t, told)
	require.Equal(t, "workflow task: no worker has taken it from evenkeel since 12:00:00", r.line(later(6)))
	task.State, task.Attempt = enums.PENDING_WORKFLOW_TASK_STATE_STARTED, 3
	r, told = retryOfTask(task, "evenkeel", later(6))
	require.True(t, told)
	require.Equal(t, "workflow task: attempt 3", r.line(later(6)))
}

// What was told is told again when attempt or error has changed, and when it comes back.
func TestRetryNews(t *testing.T) {
	tried := func(attempt int32, why string) retry { return retry{activityID: "5", Attempt: attempt, LastError: why} }
	looks := [][]retry{{tried(2, "a")}, {tried(2, "a")}, {tried(3, "a")}, {tried(4, "b")}, {}, {tried(4, "b")}, {tried(4, "b"), {activityID: "6", Attempt: 2}}}
	for errorsOnly, want := range map[bool][]int{false: {1, 0, 1, 1, 0, 1, 1}, true: {1, 0, 0, 1, 0, 1, 1}} {
		news := retryNews{}
		var told []int
		for _, look := range looks {
			told = append(told, len(news.changed(look, errorsOnly)))
		}
		require.Equal(t, want, told, "errors only: %t", errorsOnly)
	}
}
