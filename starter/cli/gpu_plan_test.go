package cli

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// machine is what a look at this machine's GPUs gives.
type machine struct {
	seen gpu.Snapshot
	err  error
}

func (m machine) Snapshot(context.Context) (gpu.Snapshot, error) { return m.seen, m.err }

func planHere(t *testing.T, m machine) (code int, out, errs string) {
	t.Chdir(t.TempDir())
	t.Setenv("EVENKEEL_CONFIG", "")
	var stdout, stderr bytes.Buffer
	s := newStarter(Streams{Out: &stdout, Err: &stderr})
	code = s.report(s.gpuPlan(t.Context(), m, planOptions{objective: "strict"}, false))
	return code, stdout.String(), stderr.String()
}

// The GPUs of this machine are planned with as they are: what the driver reserves counts, and one
// that does not answer is named and left out.
func TestPlanOfThisMachine(t *testing.T) {
	card := func(index int, total, free int64) gpu.GPU {
		return gpu.GPU{Index: index, UUID: "GPU-" + string(rune('a'+index)), Memory: gpu.Memory{TotalMB: &total, FreeMB: &free}}
	}
	code, out, errs := planHere(t, machine{seen: gpu.Snapshot{GPUs: []gpu.GPU{
		card(0, 24564, 24130), {Index: 1, Fault: &gpu.Fault{Kind: gpu.Hung}}, card(2, 24564, 24130),
	}}})
	require.Equal(t, exitDone, code)
	require.Equal(t, `[STRATEGY] Multi-GPU Deployment
GPU 0: qwen_32b
  - qwen_32b: ~16000 MB
  VRAM required: 16000 MB
  Free after loading: 8130 MB (33.1%)
GPU 2: mistral_7b, llama3_8b
  - mistral_7b: ~4000 MB
  - llama3_8b: ~5000 MB
  VRAM required: 9000 MB
  Free after loading: 15130 MB (61.6%)
Status: OK
`, out)
	require.Equal(t, "starter: gpu plan: GPU 1 does not count: no answer in time\n", errs)

	code, out, _ = planHere(t, machine{seen: gpu.Snapshot{GPUs: []gpu.GPU{card(0, 24576, 6576)}}})
	require.Equal(t, exitNo, code)
	require.Contains(t, out, "Not placed: mistral_7b needs 4000 MB with 20% headroom; missing 2340 MB on GPU 0\n")
}

func TestPlanWithoutAGPU(t *testing.T) {
	code, out, errs := planHere(t, machine{err: errors.New("there is no NVIDIA driver")})
	require.Equal(t, exitMissing, code)
	require.Empty(t, out)
	require.Equal(t, "starter: gpu: there is no NVIDIA driver\n", errs)

	code, out, errs = planHere(t, machine{seen: gpu.Snapshot{GPUs: []gpu.GPU{{Index: 0, Unified: true}}}})
	require.Equal(t, exitMissing, code)
	require.Empty(t, out)
	require.Equal(t, "starter: gpu plan: GPU 0 does not count: its memory is the host's; no GPU to plan with; name GPUs with --gpu\n", errs)
}
