package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// evaluate keeps what waits to be kept and evaluates, in one local activity.
func (r *runbookRun) evaluate(ctx workflow.Context, t *task) {
	results, err := r.keep(ctx, t.Evaluate)
	if err != nil {
		r.broken(ctx, "cannot be evaluated: "+Reason(err))
		return
	}
	r.inbox.Send(ctx, happening{event: runbook.Event{Seq: t.Seq, Evaluated: results}})
}

// flush keeps the entries that wait.
func (r *runbookRun) flush(ctx workflow.Context) { _, _ = r.keep(ctx, nil) }

func (r *runbookRun) keep(ctx workflow.Context, items []runbook.Item) (map[string]runbook.ItemResult, error) {
	kept, err := r.entries.keep(ctx, items)
	if kept.RunID != "" {
		r.runID = kept.RunID
	}
	if kept.Suppressed != nil {
		r.suppression = kept.Suppressed
	}
	return kept.Results, err
}

// ledgerGone makes a run that the ledger does not take only put things back.
func (r *runbookRun) ledgerGone(ctx workflow.Context, why string) {
	r.broken(ctx, "the ledger does not take what the run has to tell: "+why)
}

// ledgerChanged shows whether the ledger is waited for. Whoever waits for an answer behind it gets one now: what was
// decided is in the history, and only its effects wait.
func (r *runbookRun) ledgerChanged() {
	if r.entries.away() {
		if r.busy {
			r.doing.answer(r.later())
		}
		for _, t := range r.todo {
			t.answer(r.later())
		}
	}
	r.show()
}

// later says behind an answer that its effects wait for the ledger; empty where they do not.
func (r *runbookRun) later() string {
	if !r.entries.away() {
		return ""
	}
	return "; " + r.entries.waits()
}
