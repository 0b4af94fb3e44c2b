package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
)

const (
	// lookEvery is the time between two looks at a run that is at work on something, lookSeldom at one that
	// waits for a timer or a person.
	lookEvery  = time.Second
	lookSeldom = 5 * time.Second
	// lookWait bounds one look.
	lookWait = 3 * time.Second
	// familySize bounds how many runs one look asks about: a run, its children and theirs.
	familySize = 16
)

// retryLooker finds what is retried in runs and their children.
type retryLooker struct {
	c client.Client
	// told are the words that were looked up in histories, so that each is read once for an activity and
	// once for an attempt at a workflow's own code.
	told map[string]string
}

func newRetryLooker(c client.Client) *retryLooker {
	return &retryLooker{c: c, told: map[string]string{}}
}

// look describes a run and its children. Busy is false when nothing is pending in any of them.
func (l *retryLooker) look(ctx context.Context, id, runID string, now time.Time) (all []retry, busy bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	family := []*workflowpb.PendingChildExecutionInfo{{WorkflowId: id, RunId: runID}}
	for i := 0; i < len(family) && i < familySize; i++ {
		member := family[i]
		described, err := l.c.DescribeWorkflowExecution(ctx, member.GetWorkflowId(), member.GetRunId())
		if err != nil {
			if i > 0 { // a child that has ended meanwhile
				continue
			}
			return nil, false, err
		}
		found, pending := retriesIn(described, now)
		for _, r := range found {
			r.runID = member.GetRunId()
			l.name(ctx, &r, member.GetWorkflowId())
			if i > 0 {
				r.WorkflowID = member.GetWorkflowId()
			}
			all = append(all, r)
		}
		busy = busy || pending
		family = append(family, described.GetPendingChildren()...)
	}
	return all, busy, nil
}

// retriesIn are those of one run, and whether it is at work on anything.
func retriesIn(d *workflowservice.DescribeWorkflowExecutionResponse, now time.Time) (all []retry, busy bool) {
	for _, a := range d.GetPendingActivities() {
		if r, ok := retryOf(a, now); ok {
			all = append(all, r)
		}
	}
	if task := d.GetPendingWorkflowTask(); task != nil {
		if r, ok := retryOfTask(task, d.GetExecutionConfig().GetTaskQueue().GetName(), now); ok {
			all = append(all, r)
		}
	}
	return all, len(d.GetPendingActivities())+len(d.GetPendingChildren()) > 0 || d.GetPendingWorkflowTask() != nil
}

// name fills in what only the history of a run knows: the summary of an activity, and why the workflow's
// own code is carried out again. Without an answer the activity's type has to do.
func (l *retryLooker) name(ctx context.Context, r *retry, id string) {
	if r.activityID == "" && r.Attempt < 2 {
		return
	}
	key := strings.Join([]string{id, r.runID, r.activityID}, "\x00")
	if r.activityID == "" {
		key += strconv.Itoa(int(r.Attempt))
	}
	text, ok := l.told[key]
	if !ok {
		history := l.c.GetWorkflowHistory(ctx, id, r.runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				return
			}
			switch event.GetEventType() {
			case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				if r.activityID != "" && event.GetActivityTaskScheduledEventAttributes().GetActivityId() == r.activityID {
					text = summary(event)
				}
			case enums.EVENT_TYPE_WORKFLOW_TASK_FAILED:
				if r.activityID == "" {
					text = lastError(event.GetWorkflowTaskFailedEventAttributes().GetFailure())
				}
			default:
			}
		}
		l.told[key] = text
	}
	if r.activityID == "" {
		r.LastError = text
	} else {
		r.Summary = printable(text)
	}
}

// watch looks at a run about once a second until ctx ends, and hands on what it saw and when, and when a look
// failed: whether the run goes on is for its history to say.
func (l *retryLooker) watch(ctx context.Context, run client.WorkflowRun, saw func([]retry, time.Time), failed func(time.Time)) {
	for {
		now := time.Now()
		all, busy, err := l.look(ctx, run.GetID(), run.GetRunID(), now)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			saw(all, now)
		} else {
			failed(time.Now())
		}
		pause := lookSeldom
		if busy || err != nil {
			pause = lookEvery
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// findRetrying fills in what is retried in runs that are at work. One that does not answer in time
// shows none.
func findRetrying(ctx context.Context, c client.Client, all []run) {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(describers)
	for i := range all {
		group.Go(func() error {
			all[i].Retrying, _, _ = newRetryLooker(c).look(ctx, all[i].ID, all[i].RunID, time.Now())
			return nil
		})
	}
	_ = group.Wait()
}
