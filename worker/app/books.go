package app

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/vram"
	"github.com/evenkeel/evenkeel/workflows"
)

// books are the host's VRAM ledger, kept by its GuardVRAM run. They implement activities.Books.
type books struct {
	client client.Client
	host   string
}

// Change sends one Update. Where there is no run yet one is started, unless there is only something to
// settle: then nothing was ever promised, and nothing has to be taken back.
func (b books) Change(ctx context.Context, id string, change activities.VRAMChange) (activities.VRAMAnswer, error) {
	var answer activities.VRAMAnswer
	update := client.UpdateWorkflowOptions{
		WorkflowID: workflows.GuardID(b.host), UpdateID: id, UpdateName: workflows.ChangeVRAM,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{change},
	}
	handle, err := b.update(ctx, update, len(change.Reserve) > 0)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok && len(change.Reserve) == 0 {
		return answer, nil
	}
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return answer, activities.Fail(app.Type(), errors.New(app.Message()))
	}
	if err != nil {
		return answer, fmt.Errorf("the VRAM books of %s: %w", b.host, err)
	}
	return answer, nil
}

func (b books) update(ctx context.Context, update client.UpdateWorkflowOptions, start bool) (client.WorkflowUpdateHandle, error) {
	if !start {
		return b.client.UpdateWorkflow(ctx, update)
	}
	guard := workflows.StartGuard(b.host)
	return b.client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		UpdateOptions: update, StartWorkflowOperation: b.client.NewWithStartWorkflowOperation(guard.Options, guard.Workflow, guard.Request),
	})
}

// Ledger asks the run for its books.
func (b books) Ledger(ctx context.Context) (vram.Ledger, error) {
	var ledger vram.Ledger
	value, err := b.client.QueryWorkflow(ctx, workflows.GuardID(b.host), "", workflows.LedgerVRAM)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return ledger, nil
	}
	if err != nil {
		return ledger, fmt.Errorf("the VRAM books of %s: %w", b.host, err)
	}
	return ledger, value.Get(&ledger)
}
