package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// GuardID is the id of the one run that keeps a host's VRAM ledger.
func GuardID(host string) string { return "vram/" + host }

const (
	// ChangeVRAM is the Update that reserves and settles VRAM: VRAMChange → VRAMAnswer.
	ChangeVRAM = "change"
	// LedgerVRAM is the Query that returns the ledger.
	LedgerVRAM = "ledger"
	// updatesPerRun is when a run continues as new: the server takes 2,000 updates of one run.
	updatesPerRun = 1000
)

// GuardState is all that a guard carries from one run to the next.
type GuardState struct {
	Host   string      `json:"host"`
	Ledger vram.Ledger `json:"ledger"`
}

// GuardVRAM keeps the books of one host's VRAM, so that two decisions never count the same free
// memory. It decides nothing by itself and touches nothing: who wants VRAM sends an Update with a
// fresh look at the GPUs, and the books answer. It never ends; it continues as new.
func GuardVRAM(ctx workflow.Context, state GuardState) error {
	updates := 0
	if err := workflow.SetQueryHandler(ctx, LedgerVRAM, func() (vram.Ledger, error) { return state.Ledger, nil }); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, ChangeVRAM, func(ctx workflow.Context, change activities.VRAMChange) (activities.VRAMAnswer, error) {
		updates++
		answer, err := apply(&state, change, workflow.Now(ctx))
		workflow.SetCurrentDetails(ctx, guardDetails(state))
		return answer, err
	}, workflow.UpdateHandlerOptions{Description: "Reserve, commit or release VRAM of " + state.Host}); err != nil {
		return err
	}
	workflow.SetCurrentDetails(ctx, guardDetails(state))
	if err := workflow.Await(ctx, func() bool {
		return (updates >= updatesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()) && workflow.AllHandlersFinished(ctx)
	}); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, GuardVRAM, state)
}

// apply makes one change of the books, whole or not at all.
func apply(state *GuardState, change activities.VRAMChange, now time.Time) (activities.VRAMAnswer, error) {
	ledger := state.Ledger
	ledger.HeadroomRatio = change.HeadroomRatio
	if change.Observation != nil {
		ledger = ledger.Observe(*change.Observation)
	}
	var answer activities.VRAMAnswer
	for _, request := range change.Reserve {
		next, decision, err := ledger.Reserve(request, now)
		if err != nil {
			return answer, temporal.NewNonRetryableApplicationError(err.Error(), activities.InvalidInput, err)
		}
		answer.Decisions = append(answer.Decisions, decision)
		if !decision.Granted {
			return answer, nil // what was granted before it is not kept
		}
		ledger = next
	}
	for _, id := range change.Commit {
		next, err := ledger.Commit(id, now)
		if err != nil {
			return answer, temporal.NewNonRetryableApplicationError(err.Error(), activities.PreconditionFailed, err)
		}
		ledger = next
	}
	for _, id := range change.Ready {
		next, err := ledger.Advance(id, vram.Ready, now)
		if err != nil {
			return answer, temporal.NewNonRetryableApplicationError(err.Error(), activities.PreconditionFailed, err)
		}
		ledger = next
	}
	for _, id := range change.Release {
		ledger = ledger.Release(id, now)
	}
	state.Ledger = ledger
	return answer, nil
}
