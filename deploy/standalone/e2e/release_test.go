//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
)

// TestGPUsAreLetGoOf resets a GPU: while its worker has let go of it nothing that claims VRAM is scaled
// up, however much is free.
func TestGPUsAreLetGoOf(t *testing.T) {
	library, err := nvmltest.New(t.TempDir(), nvmltest.Card(0, 400))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, library.Close()) })
	s := newSite(t, "EVENKEEL_NVML_LIBRARY="+library.File)

	out, err := s.Starter(s.ctx, "gpu", "release", "--for", "1h")
	require.NoError(t, err, out)
	require.Contains(t, out, "demo has let go of its GPUs until ")
	out, err = s.Starter(s.ctx, "scale", "worker-llm=2")
	require.ErrorContains(t, err, "exit status 1")
	require.Contains(t, out, "the VRAM headroom is not known: the worker has let go of the GPUs, as starter gpu release asked: ")

	out, err = s.Starter(s.ctx, "gpu", "resume")
	require.NoError(t, err, out)
	out, err = s.Starter(s.ctx, "scale", "worker-llm=2", "--dry-run")
	require.NoError(t, err, out)
}
