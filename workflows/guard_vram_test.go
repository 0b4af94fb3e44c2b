package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/vram"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// card is a look at one GPU of 24576 MB, of which 4916 have to stay free.
func card(freeMB int64) *vram.Observation {
	return &vram.Observation{At: noon, GPUs: []vram.GPU{{UUID: "GPU-a", TotalMB: 24576, FreeMB: freeMB}}}
}

func want(id string, mb int64) vram.Request {
	return vram.Request{ID: id, MB: mb, GPUs: []string{"GPU-a"}, TTL: time.Minute}
}

// Of two that do not fit together neither is promised.
func TestBooksReserveAllOrNothing(t *testing.T) {
	state := &GuardState{Host: "gpu-1"}
	change := activities.VRAMChange{Observation: card(8000), HeadroomRatio: 0.2, Reserve: []vram.Request{want("one", 2000), want("two", 2000)}}
	answer, err := apply(state, change, noon)
	require.NoError(t, err)
	require.True(t, answer.Decisions[0].Granted)
	require.False(t, answer.Decisions[1].Granted)
	require.Empty(t, state.Ledger.Claims)

	change.Reserve = change.Reserve[:1]
	_, err = apply(state, change, noon)
	require.NoError(t, err)
	require.Len(t, state.Ledger.Claims, 1)
}

// What one decision was promised is not there for the next, although the driver shows it as free.
func TestBooksDoNotPromiseTwice(t *testing.T) {
	state := &GuardState{}
	for i, granted := range []bool{true, false} {
		answer, err := apply(state, activities.VRAMChange{
			Observation: card(8000), HeadroomRatio: 0.2, Reserve: []vram.Request{want(string(rune('a'+i)), 2000)},
		}, noon)
		require.NoError(t, err)
		require.Equal(t, granted, answer.Decisions[0].Granted)
	}
}

func TestBooksRefuseWhatWasNeverPromised(t *testing.T) {
	_, err := apply(&GuardState{}, activities.VRAMChange{Commit: []string{"ghost"}}, noon)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, activities.PreconditionFailed, app.Type())
	_, err = apply(&GuardState{}, activities.VRAMChange{Release: []string{"ghost"}}, noon)
	require.NoError(t, err, "it may have expired")
}

// The books survive continue-as-new.
func TestGuardContinuesAsNewWithItsBooks(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(noon)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflowNoRejection(ChangeVRAM, "first", t, activities.VRAMChange{
			Observation: card(8000), HeadroomRatio: 0.2, Reserve: []vram.Request{want("kept", 2000)},
		})
	}, time.Second)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflowNoRejection(ChangeVRAM, "second", t, activities.VRAMChange{HeadroomRatio: 0.2, Commit: []string{"kept"}})
	}, 2*time.Second)
	env.RegisterDelayedCallback(func() {
		env.SetContinueAsNewSuggested(true)
		env.UpdateWorkflowNoRejection(ChangeVRAM, "third", t, activities.VRAMChange{HeadroomRatio: 0.2})
	}, 3*time.Second)
	env.ExecuteWorkflow(GuardVRAM, GuardState{Host: "gpu-1"})
	require.True(t, env.IsWorkflowCompleted())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	var state GuardState
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &state))
	claim, ok := state.Ledger.Claim("kept")
	require.True(t, ok)
	require.Equal(t, vram.Loading, claim.State)
}
