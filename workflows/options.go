package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// heartbeatTimeout is how soon a worker that died is noticed. A shorter one takes a busy host for
// a dead one.
const heartbeatTimeout = 5 * time.Second

const (
	// lookLimit bounds one attempt at a short read.
	lookLimit = time.Minute
	// lookTotal bounds all attempts at one: after that there is no answer.
	lookTotal = 5 * time.Minute
	// localTotal bounds all attempts at a local activity that needs nothing from outside the worker.
	localTotal = time.Minute
	// askTotal bounds a question whose answer a person waits for.
	askTotal = 20 * time.Second
)

// The two stages of what goes to the ledger: at first in the worker that runs the workflow, which costs next to
// nothing; then, when the ledger is away, on whichever worker takes it, for a day.
const (
	ledgerSoon  = 2 * time.Second
	ledgerLimit = 5 * time.Second
	ledgerTotal = activities.LedgerWait
)

// retry is for idempotent activities: soon at first, because most outages are a restart.
var retry = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second}

// ledgerRetry goes on for as long as ledgerTotal lets it, which is fewer attempts than this.
var ledgerRetry = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second, MaximumAttempts: 10_000}

// changing is for activities of a host's worker. One attempt may take limit, and all of them total, which is
// never less than one attempt.
func changing(summary string, limit, total time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    limit,
		ScheduleToCloseTimeout: max(limit, total),
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retry,
		// What a cancelled activity had done must be known before it is undone.
		WaitForCancellation: true,
	}
}

// looking is for a short read of a host's worker.
func looking(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    lookLimit,
		ScheduleToCloseTimeout: lookTotal,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retry,
	}
}

// using is for the use of a person's word, which a host's worker writes into the ledger: it waits a day for one that
// is away, as long as a worker of the host is there.
func using(summary string) workflow.ActivityOptions {
	o := changing(summary, lookLimit, ledgerTotal)
	o.RetryPolicy = ledgerRetry
	return o
}

// asking is for a question to a host's worker whose answer a person waits for.
func asking(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    askTotal / 2,
		ScheduleToCloseTimeout: askTotal,
		RetryPolicy:            retry,
	}
}

// locally runs a short local activity that needs nothing from outside the worker.
func locally(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    5 * time.Second,
		ScheduleToCloseTimeout: localTotal,
		RetryPolicy:            retry,
	})
}

// ledgerNow is the first stage of what goes to the ledger.
func ledgerNow(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    ledgerSoon / 2,
		ScheduleToCloseTimeout: ledgerSoon,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	})
}

// sending is for what people are told where there is no chat: it goes to the ledger, as all else does.
func sending(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueue,
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: ledgerTotal,
		RetryPolicy:            ledgerRetry,
	})
}

// whispering is for telling one person, within a minute or not at all, why a press did not count.
func whispering(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueue,
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 45 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumAttempts: 4},
	})
}

// chatLimit bounds one attempt at telling people in a chat. It is well above activities.ChatSettle: a worker that dies
// says nothing, and the next attempt begins when this is over.
const chatLimit = 2 * time.Minute

// chatRetry goes on for as long as tellTotal lets it, which is fewer attempts than this.
var chatRetry = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 10_000}

// telling is for telling people in a chat, with so much time for all attempts. It has no heartbeat: by one, the next
// attempt would begin while what the last one sent may still arrive.
func telling(ctx workflow.Context, summary string, total time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueue,
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    chatLimit,
		ScheduleToCloseTimeout: max(2*chatLimit, total),
		RetryPolicy:            chatRetry,
	})
}

// pageLimit bounds one attempt at waking somebody up, or at posting to a chat webhook, which may be of several parts.
const pageLimit = time.Minute

// paging is for what may be said twice, with so much time for all attempts.
func paging(ctx workflow.Context, summary string, total time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueue,
		Summary:                cut(summary, summaryBytes),
		StartToCloseTimeout:    pageLimit,
		ScheduleToCloseTimeout: max(2*pageLimit, total),
		RetryPolicy:            ledgerRetry,
	})
}

// ledgerLater is the second stage.
func ledgerLater(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueue,
		Summary:                cut("waits for the ledger: "+strings.TrimPrefix(summary, "ledger: "), summaryBytes),
		StartToCloseTimeout:    ledgerLimit,
		ScheduleToCloseTimeout: ledgerTotal,
		RetryPolicy:            ledgerRetry,
	})
}
