package cli

import (
	"time"

	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	// taskWait is how long a task may lie in its queue before that is told; a worker that lives takes it
	// in a moment.
	taskWait = 5 * time.Second
	// retryRunes bounds what is shown of one retry.
	retryRunes = 400
	// workflowTask stands where an activity's type would, when it is the workflow's own code that is
	// not carried out.
	workflowTask = "workflow task"
)

// retry is an activity that did not succeed at once, or that no worker has taken yet. A history shows an
// activity only when it has ended, so this comes from the description of a run.
type retry struct {
	// WorkflowID is empty when the activity belongs to the run that was asked about, else names its child.
	WorkflowID string `json:"workflow_id,omitempty"`
	// Activity is the activity's type, or "workflow task".
	Activity string `json:"activity"`
	// Summary is what the workflow says of the activity.
	Summary string `json:"summary,omitempty"`
	// Attempt is the attempt that is at work or comes next, from 1.
	Attempt int32 `json:"attempt"`
	// LastError is how the attempt before ended, in one line.
	LastError string `json:"last_error,omitempty"`
	// NextAttemptAt is nil while an attempt is at work.
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty"`
	// Queue is the task queue from which no worker has taken the task since WaitingSince.
	Queue        string     `json:"queue,omitempty"`
	WaitingSince *time.Time `json:"waiting_since,omitempty"`
	// Paused says that a person paused the activity at the Temporal server.
	Paused bool `json:"paused,omitempty"`

	// runID and activityID find the activity in its history.
	runID, activityID string
}

// retryOf says what there is to tell of an activity. Nothing is told of a first attempt at work.
func retryOf(a *workflowpb.PendingActivityInfo, now time.Time) (retry, bool) {
	r := retry{
		Activity: a.GetActivityType().GetName(), activityID: a.GetActivityId(),
		Attempt: a.GetAttempt(), LastError: lastError(a.GetLastFailure()), Paused: a.GetPaused(),
	}
	switch scheduled := a.GetScheduledTime().AsTime(); {
	case r.Paused:
	case a.GetNextAttemptScheduleTime() != nil:
		next := a.GetNextAttemptScheduleTime().AsTime()
		r.NextAttemptAt = &next
	case a.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED && now.Sub(scheduled) > taskWait:
		r.Queue, r.WaitingSince = a.GetActivityOptions().GetTaskQueue().GetName(), &scheduled
	}
	return r, r.Paused || r.Attempt > 1 || r.WaitingSince != nil
}

// retryOfTask says the same of the workflow's own code. Its errors stand in the history.
func retryOfTask(t *workflowpb.PendingWorkflowTaskInfo, queue string, now time.Time) (retry, bool) {
	r := retry{Activity: workflowTask, Attempt: t.GetAttempt()}
	if scheduled := t.GetScheduledTime().AsTime(); t.GetState() == enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED && now.Sub(scheduled) > taskWait {
		r.Queue, r.WaitingSince = queue, &scheduled
	}
	return r, r.Attempt > 1 || r.WaitingSince != nil
}

// lastError is an attempt's error in one line, without what the server adds to it.
func lastError(f *failurepb.Failure) string {
	text := activities.Spoken(f.GetMessage())
	if timeout := f.GetTimeoutFailureInfo(); timeout != nil {
		text = activities.TimedOut(timeout.GetTimeoutType())
	}
	return clip(printable(text), retryRunes)
}

// clip shortens text to at most n characters and says with an ellipsis that it did.
func clip(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:max(n-1, 0)]) + "…"
	}
	return text
}
