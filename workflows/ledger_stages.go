package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// ledgerStages reaches the ledger in two stages, and knows since when it is away.
type ledgerStages struct {
	// changed is called when since has changed; nil is nobody.
	changed func()
	// since is when the ledger went away; zero while it answers.
	since time.Time
}

func (l *ledgerStages) away() bool { return !l.since.IsZero() }

// waits says that the ledger is being waited for; empty when it is not.
func (l *ledgerStages) waits() string {
	if !l.away() {
		return ""
	}
	return "waits for the ledger, which does not answer since " + l.since.UTC().Format("15:04:05 MST")
}

// run calls the ledger: by the activity here at first, and where the ledger is away by later, for a day. What it
// refuses for good is not tried again. They are names: a method with two of them would be kept in histories under either.
func (l *ledgerStages) run(ctx workflow.Context, summary, here, later string, request, result any) error {
	err := workflow.ExecuteLocalActivity(ledgerNow(ctx, summary), here, request).Get(ctx, result)
	app, told := errors.AsType[*temporal.ApplicationError](err)
	if err == nil || ctx.Err() != nil || told && app.NonRetryable() {
		return err
	}
	l.set(workflow.Now(ctx))
	err = workflow.ExecuteActivity(ledgerLater(ctx, summary), later, request).Get(ctx, result)
	l.set(time.Time{})
	return err
}

func (l *ledgerStages) set(since time.Time) {
	l.since = since
	if l.changed != nil {
		l.changed()
	}
}
