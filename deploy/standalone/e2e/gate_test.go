//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
	"github.com/evenkeel/evenkeel/internal/vram"
	"github.com/evenkeel/evenkeel/workflows"
)

// TestVRAMGate scales a service that claims VRAM on a host whose driver is the tests' stand-in: under
// 20 % nothing starts, and what is promised is taken back when the replica goes.
func TestVRAMGate(t *testing.T) {
	library, err := nvmltest.New(t.TempDir(), nvmltest.Card(0, 18000)) // 6576 MB free; 4916 MB have to stay
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, library.Close()) })
	s := newSite(t, "EVENKEEL_NVML_LIBRARY="+library.File)

	out, err := s.Starter(s.ctx, "scale", "worker-llm=2")
	require.ErrorContains(t, err, "exit status 1")
	require.Contains(t, out, "worker-llm #2: GPU 0 (GPU-00000000-0000-0000-0000-000000000000) needs 2000 MB and is 340 MB short")

	require.NoError(t, library.Set(func(state *nvmltest.State) { state.GPUs[0].Free = 12000 * nvmltest.MB }))
	out = s.scale("worker-llm=2", "-o", "json")
	var answer struct {
		Results []workflows.ServiceResult `json:"results"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	require.Equal(t, "gate", answer.Results[0].Phases[1].Name)
	claim, ok := s.ledger().Claim("evenkeel-demo/worker-llm/2")
	require.True(t, ok)
	require.Equal(t, vram.Ready, claim.State)

	// The second replica has loaded; for a third too little is left again.
	require.NoError(t, library.Set(func(state *nvmltest.State) { state.GPUs[0].Free = 6900 * nvmltest.MB }))
	_, err = s.Starter(s.ctx, "scale", "worker-llm=3")
	require.ErrorContains(t, err, "exit status 1")

	s.scale("worker-llm=1")
	require.Empty(t, s.ledger().Claims)
}

// ledger asks the guard for its books.
func (s *site) ledger() vram.Ledger {
	s.t.Helper()
	value, err := s.client.QueryWorkflow(s.ctx, workflows.GuardID("demo"), "", workflows.LedgerVRAM)
	require.NoError(s.t, err)
	var ledger vram.Ledger
	require.NoError(s.t, value.Get(&ledger))
	return ledger
}
