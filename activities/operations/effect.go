package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// claimLimit bounds how long a destructive operation waits for the ledger.
const claimLimit = 10 * time.Second

// mayBegin is the last look before an operation: its approval still holds, and the ledger knows that a destructive one
// begins now. Whatever it says against it, nothing was done but by an attempt before.
func (o *Operations) mayBegin(ctx context.Context, call runbook.ActCall) error {
	if err := o.approved(ctx, call); err != nil {
		return err
	}
	if err := o.mayAt(ctx, call); err != nil {
		return activities.Fail(activities.NotBegun, fmt.Errorf("nothing was done: %w", err))
	}
	if call.Risk != runbook.Destructive {
		return nil
	}
	first, err := o.claim(ctx, call)
	if err != nil {
		return activities.Fail(activities.NotBegun, fmt.Errorf("the ledger could not be told that %s begins, so nothing was done: %s", call.Uses, err.Error()))
	}
	if !first {
		return activities.Fail(activities.Unknown, errors.New("the ledger says that this attempt has begun before, so it may have been done"))
	}
	return o.approved(ctx, call)
}

// mayAt says why this host does not do a step: no definition has it, or persons do not allow what is destructive.
func (o *Operations) mayAt(ctx context.Context, call runbook.ActCall) error {
	run := activities.WorkflowID(ctx)
	if call.Risk != runbook.Destructive {
		return o.people.Declared(ctx, run, call, o.now())
	}
	return o.people.Entitled(ctx, run, activity.GetInfo(ctx).WorkflowExecution.RunID, call, o.now())
}

// approved says that the approval of the call, where it needs one, has not ended.
func (o *Operations) approved(ctx context.Context, call runbook.ActCall) error {
	done := "nothing was done"
	if activities.Attempt(ctx) > 1 {
		done = "it was not tried again"
	}
	return activities.Approved{Until: call.Until}.Holds(o.now(), done)
}

// claim writes into the ledger that a destructive attempt begins. It is not the first where an entry has its key: this
// attempt has begun before, however often Temporal hands it out, and also where the run was reset since. The form of the
// key stays: under another one, an attempt that has begun before an upgrade would begin again.
func (o *Operations) claim(ctx context.Context, call runbook.ActCall) (first bool, err error) {
	data, err := json.Marshal(runbook.StepStarted{
		Runbook: call.Runbook, Step: call.Path, Attempt: call.Attempt, Uses: call.Uses, Arguments: call.With, Argv: call.Argv, Risk: call.Risk, PlanSHA256: call.PlanSHA256,
	})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	run := activity.GetInfo(ctx).WorkflowExecution
	return o.ledger.AppendFirst(ctx, ledger.Draft{
		Key: fmt.Sprintf("%s/%s/%s.%d.effect", run.ID, call.Run, call.Path, call.Attempt), At: o.now().UTC().Format(time.RFC3339),
		Kind: runbook.StartedKind, Subject: run.ID, WorkflowID: run.ID, RunID: run.RunID, Data: string(data),
	})
}
