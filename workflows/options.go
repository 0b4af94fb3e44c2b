package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// heartbeatTimeout is how soon a worker that died is noticed. A shorter one takes a busy host for
// a dead one.
const heartbeatTimeout = 5 * time.Second

const (
	// readTotal bounds all attempts at a short read: after that there is no answer.
	readTotal = 5 * time.Minute
	// localTotal bounds all attempts at a local activity. A database that restarts takes seconds.
	localTotal = time.Minute
)

// retry is for idempotent activities: soon at first, because most outages are a restart.
var retry = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second}

// onHost runs activities on a host's worker. One attempt may take limit, and all of them total, which is
// never less than one attempt.
func onHost(ctx workflow.Context, host, summary string, limit, total time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              HostQueue(host),
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    limit,
		ScheduleToCloseTimeout: max(limit, total),
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retry,
		// What a cancelled activity had done must be known before it is undone.
		WaitForCancellation: true,
	})
}

// look runs a short read on a host's worker, and gives up when no worker takes it within a minute.
func look(ctx workflow.Context, host, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              HostQueue(host),
		Summary:                cut(summary, summaryBytes),
		ScheduleToStartTimeout: time.Minute,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: readTotal,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retry,
	})
}

// locally runs a short local activity: a read, or an append to the ledger that may be repeated.
func locally(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    5 * time.Second,
		ScheduleToCloseTimeout: localTotal,
		RetryPolicy:            retry,
	})
}

// shared runs a short read on whichever worker takes it.
func shared(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: readTotal,
		RetryPolicy:            retry,
	})
}

// toLedgerLocally appends to the ledger in the worker that runs the workflow, which costs next to nothing. Its total
// is short, because the ledger may be away; toLedger is the second stage.
func toLedgerLocally(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    time.Second,
		ScheduleToCloseTimeout: 2 * time.Second,
		RetryPolicy:            retry,
	})
}

// toLedger appends to the ledger on whichever worker takes it, for total at most.
func toLedger(ctx workflow.Context, summary string, total time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: total,
		RetryPolicy:            retry,
	})
}
