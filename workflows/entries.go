package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// entries are what a run tells the ledger. What is added waits, and is kept together before the run does what the
// entries tell of.
type entries struct {
	ledgerStages
	next []ledger.Record
	// gone is called once, when the ledger has not taken what it was told: from then on it is told nothing more.
	gone func(ctx workflow.Context, why string)
	// lost says that this has happened, and unwritten what the ledger therefore does not know.
	lost      bool
	unwritten []ledger.Record
}

func (e *entries) add(rec ledger.Record) { e.next = append(e.next, rec) }

// keep keeps what waits and evaluates, in one activity; it calls none where there is nothing to do. An error is one of
// the expressions: without any it does not fail.
func (e *entries) keep(ctx workflow.Context, items []runbook.Item) (activities.Kept, error) {
	records := e.next
	e.next = nil
	if e.lost {
		e.unwritten = append(e.unwritten, records...)
		records = nil
	}
	if len(records) > 0 {
		kept, err := e.call(ctx, &e.ledgerStages, records, items)
		if err == nil {
			return kept, nil
		}
		e.lost, e.unwritten = true, append(e.unwritten, records...)
		e.gone(ctx, Reason(err))
	}
	if len(items) == 0 {
		return activities.Kept{}, nil
	}
	return e.call(ctx, &ledgerStages{}, nil, items) // nobody waits for the ledger then
}

func (*entries) call(ctx workflow.Context, stages *ledgerStages, records []ledger.Record, items []runbook.Item) (kept activities.Kept, err error) {
	info := workflow.GetInfo(ctx)
	here, summary := activities.Evaluate, "evaluate "+count(len(items), "expression")
	if len(records) > 0 { // the Web UI's timeline shows the name
		here = records[len(records)-1].Kind
		summary = "ledger: " + here
	}
	err = stages.run(ctx, summary, here, activities.KeepLater, activities.KeepRequest{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, At: workflow.Now(ctx), Records: records, Items: items,
	}, &kept)
	return kept, err
}
