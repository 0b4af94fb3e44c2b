package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// book is what a run still has to tell the ledger, and whether that answers.
type book struct {
	// next are records that wait to be kept together.
	next []runbook.Record
	// since is when the ledger went away; zero while it answers.
	since time.Time
	// lost says that it was away for too long, and Unwritten what it therefore does not know.
	lost      bool
	unwritten []runbook.Record
}

func (b *book) add(rec runbook.Record) { b.next = append(b.next, rec) }

func (b *book) away() bool { return !b.since.IsZero() }

// waits says that the ledger is being waited for; empty when it is not.
func (b *book) waits() string {
	if !b.away() {
		return ""
	}
	return "; waits for the ledger, which does not answer since " + b.since.UTC().Format("15:04:05 MST")
}

// flush keeps the records that wait.
func (r *runbookRun) flush(ctx workflow.Context) {
	if len(r.book.next) > 0 {
		_, _ = r.keepAnd(ctx, nil) // without expressions it does not fail
	}
}

// evaluate keeps what waits to be kept and evaluates, in one local activity.
func (r *runbookRun) evaluate(ctx workflow.Context, t *task) {
	results, err := r.keepAnd(ctx, t.Evaluate)
	if err != nil {
		r.broken(ctx, "cannot be evaluated: "+Reason(err))
		return
	}
	r.inbox.Send(ctx, happening{event: runbook.Event{Seq: t.Seq, Evaluated: results}})
}

// keepAnd keeps what waits to be kept and evaluates. What the ledger does not take in a day is told in the result of
// the run, which then only puts things back.
func (r *runbookRun) keepAnd(ctx workflow.Context, items []runbook.Item) (map[string]runbook.ItemResult, error) {
	records := r.book.next
	r.book.next = nil
	if r.book.lost {
		r.book.unwritten = append(r.book.unwritten, records...)
		records = nil
		if len(items) == 0 {
			return nil, nil
		}
	}
	kept, err := r.keep(ctx, records, items)
	if err == nil {
		r.runID = kept.RunID
		return kept.Results, nil
	}
	if len(records) == 0 {
		return nil, err
	}
	r.book.lost, r.book.unwritten = true, append(r.book.unwritten, records...)
	r.broken(ctx, "the ledger does not take what the run has to tell: "+Reason(err))
	if len(items) == 0 {
		return nil, nil
	}
	kept, err = r.keep(ctx, nil, items)
	return kept.Results, err
}

// keep is both stages: at first here, and where the ledger is away on whichever worker has it.
func (r *runbookRun) keep(ctx workflow.Context, records []runbook.Record, items []runbook.Item) (activities.Kept, error) {
	info := workflow.GetInfo(ctx)
	req := activities.KeepRequest{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, At: workflow.Now(ctx), Records: records, Items: items,
	}
	var a *activities.Runbooks
	var kept activities.Kept
	what := activities.Evaluate // what the Web UI's timeline says
	if len(records) > 0 {
		what = records[len(records)-1].Kind
	}
	err := workflow.ExecuteLocalActivity(ledgerNow(ctx, summaryOf(req)), what, req).Get(ctx, &kept)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); err == nil || ok && app.NonRetryable() {
		return kept, err // a ledger that says no says it again
	}
	r.awaitLedger(len(records) > 0)
	err = workflow.ExecuteActivity(ledgerLater(ctx, summaryOf(req)), a.KeepLater, req).Get(ctx, &kept)
	r.book.since = time.Time{}
	r.show()
	return kept, err
}

// awaitLedger says that the ledger is waited for. Whoever waits for an answer behind it gets one now: what was
// decided is in the history, and only its effects wait.
func (r *runbookRun) awaitLedger(needed bool) {
	if !needed {
		return
	}
	r.book.since = workflow.Now(r.ctx)
	if r.busy {
		r.doing.answer(r.book.waits())
	}
	for _, t := range r.todo {
		t.answer(r.book.waits())
	}
	r.show()
}

// summaryOf says what a local activity keeps and evaluates.
func summaryOf(req activities.KeepRequest) string {
	if len(req.Records) == 0 {
		return "evaluate " + count(len(req.Items), "expression")
	}
	return "ledger: " + req.Records[len(req.Records)-1].Kind
}

// notify tells people something. Nothing waits for it; where nobody could be told, the run's page says so.
func (r *runbookRun) notify(n runbook.Notification) {
	info := workflow.GetInfo(r.ctx)
	r.notified++
	message := activities.Notice{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Number: r.notified, At: workflow.Now(r.ctx),
		Subject: r.state.Run.Subject(r.state.Run.Key), Notification: n,
	}
	workflow.Go(r.ctx, func(ctx workflow.Context) {
		var a *activities.Messages
		err := workflow.ExecuteActivity(sending(ctx, "tell "+n.To()), a.Notify, message).Get(ctx, nil)
		if err != nil {
			r.untold = append(r.untold, fmt.Sprintf("%s could not be told of %s: %s", n.To(), n.Step, Reason(err)))
			r.show()
		}
	})
}
