package activities

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeatInterval is well under every heartbeat timeout in use (5 s and more), so that a worker
// that died is noticed and one that is busy is not taken for dead.
const heartbeatInterval = time.Second

// Heartbeat reports that the activity is alive until the returned function is called, after a
// cancellation too: what was begun may have to be seen to its end. It is also how a cancellation reaches
// the activity.
func Heartbeat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	ctx = context.WithoutCancel(ctx)
	done := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(heartbeatInterval)
		defer ticker.Stop()
		for {
			// The first one is left to what takes a while: each is a write in the server's database.
			select {
			case <-done:
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	})
	return func() {
		close(done)
		beating.Wait() // the server knows no activity that has ended, and a heartbeat of one is a warning in the log
	}
}

// poll calls check until it says done, returns an error or the deadline has passed; it always calls
// it at least once, and errDeadline says that time ran out. An error of check is returned as it is, after the deadline
// too: late tells it from the others. A worker that stops hands the wait over.
func poll(ctx context.Context, deadline time.Time, every time.Duration, check func(context.Context) (done bool, err error)) error {
	var stopping <-chan struct{}
	if activity.IsActivity(ctx) {
		stopping = activity.GetWorkerStopChannel(ctx)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		done, err := check(ctx)
		switch {
		case err != nil:
			return err
		case done:
			return nil
		case !time.Now().Before(deadline):
			return errDeadline
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stopping:
			return Fail(WorkerStopping, errors.New("the worker stops and hands the wait over"))
		case <-ticker.C:
		}
	}
}

// late says whether err, from poll, leaves open how things stand and comes behind the deadline: a wait that has to
// end then ends with it, as another attempt would have no time.
func late(ctx context.Context, err error, deadline time.Time) bool {
	if err == nil || ctx.Err() != nil || time.Now().Before(deadline) {
		return false
	}
	switch ClassOf(err) {
	case "", Unavailable, RateLimited:
		return true
	default:
		return false
	}
}

var errDeadline = errors.New("time ran out")

// Since returns when the activity was scheduled first: a deadline counted from there holds across
// retries on other workers.
func Since(ctx context.Context) time.Time {
	if !activity.IsActivity(ctx) {
		return time.Now()
	}
	return activity.GetInfo(ctx).ScheduledTime
}

// Attempt says which attempt at the activity this is, from 1.
func Attempt(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}

// WorkflowID is that of the workflow that an activity works for; empty outside of one.
func WorkflowID(ctx context.Context) string {
	if !activity.IsActivity(ctx) {
		return ""
	}
	return activity.GetInfo(ctx).WorkflowExecution.ID
}

// runID is the run that an activity works for, which is another one after a reset of it.
func runID(ctx context.Context) string {
	if !activity.IsActivity(ctx) {
		return ""
	}
	return activity.GetInfo(ctx).WorkflowExecution.RunID
}
