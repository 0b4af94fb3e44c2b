package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// takeLimit is after how long an activity that no worker has taken is scheduled again. That is what makes a run see
// that nobody polls a host: a workflow is not told when an activity is taken.
const takeLimit = 15 * time.Second

// hostQueue runs activities on one host's queue, and knows since when nobody polls it.
type hostQueue struct {
	host string
	// changed is called when unpolled has begun or ended; nil is nobody.
	changed func()
	// missing is how many calls nobody has taken, since when the first of them waits.
	missing int
	since   time.Time
}

// unpolled says that nobody takes what waits; empty while somebody does.
func (q *hostQueue) unpolled() string {
	if q.missing == 0 {
		return ""
	}
	return nobodyPolls(q.host, q.since)
}

func nobodyPolls(host string, since time.Time) string {
	return fmt.Sprintf("nobody polls %s since %s; start `worker` or `evenkeel` there", host, since.UTC().Format("15:04:05 MST"))
}

// run runs one activity to its end. One that no worker takes was not done, also where it may be tried only once: it
// is scheduled again until wait is over. So is one whose worker was lost while it was at work, where it may be tried
// again: a host that restarts does not fail it.
func (q *hostQueue) run(ctx workflow.Context, o workflow.ActivityOptions, wait time.Duration, activity, request, result any) error {
	return q.await(ctx, q.schedule(ctx, o, wait, activity, request), o, wait, activity, request, result)
}

// begin schedules one and goes on. The result is there once the future is.
func (q *hostQueue) begin(ctx workflow.Context, o workflow.ActivityOptions, wait time.Duration, activity, request, result any) workflow.Future {
	scheduled := q.schedule(ctx, o, wait, activity, request)
	future, settable := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		settable.Set(nil, q.await(ctx, scheduled, o, wait, activity, request, result))
	})
	return future
}

func (q *hostQueue) schedule(ctx workflow.Context, o workflow.ActivityOptions, left time.Duration, activity, request any) workflow.Future {
	o.TaskQueue, o.ScheduleToStartTimeout = HostQueue(q.host), min(takeLimit, left)
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), activity, request)
}

func (q *hostQueue) await(ctx workflow.Context, scheduled workflow.Future, o workflow.ActivityOptions, wait time.Duration, activity, request, result any) error {
	began, missed, taken := workflow.Now(ctx), false, false
	defer func() {
		if missed {
			q.took()
		}
	}()
	for {
		err := scheduled.Get(ctx, result)
		left := wait - workflow.Now(ctx).Sub(began)
		switch {
		case !notTaken(err):
			return err
		case tried(err) && o.RetryPolicy != nil && o.RetryPolicy.MaximumAttempts == 1:
			return err // it was taken, and it has no others
		case left <= 0 || ctx.Err() != nil:
			if taken || tried(err) {
				return err // an attempt before was taken: what became of it, nobody knows
			}
			return &untaken{q.host, began, err}
		}
		taken = taken || tried(err)
		if !missed {
			missed = true
			q.miss(began)
		}
		scheduled = q.schedule(ctx, o, left, activity, request)
	}
}

func (q *hostQueue) miss(since time.Time) {
	if q.missing++; q.missing > 1 {
		return
	}
	q.since = since
	if q.changed != nil {
		q.changed()
	}
}

func (q *hostQueue) took() {
	if q.missing--; q.missing == 0 && q.changed != nil {
		q.changed()
	}
}

// untaken says that no worker took an activity: it was certainly not done.
type untaken struct {
	host  string
	since time.Time
	err   error
}

// Error is for people.
func (u *untaken) Error() string { return nobodyPolls(u.host, u.since) }

// Unwrap is Temporal's own error.
func (u *untaken) Unwrap() error { return u.err }

// tried says of an activity that was not taken that an earlier attempt at it was.
func tried(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.As(err, &timeout) && timeout.Unwrap() != nil
}

// notTaken says of an error that no worker took the activity within its time.
func notTaken(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START
}
