package placement

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Request
		want string
	}{
		{"two cards", Request{GPUs: gpus(24576, 0, 24576, 0), Models: three}, `[STRATEGY] Multi-GPU Deployment
GPU 0: qwen_32b
  - qwen_32b: ~16000 MB
  VRAM required: 16000 MB
  Free after loading: 8576 MB (34.9%)
GPU 1: mistral_7b, llama3_8b
  - mistral_7b: ~4000 MB
  - llama3_8b: ~5000 MB
  VRAM required: 9000 MB
  Free after loading: 15576 MB (63.4%)
Status: OK
`},
		{"one card with room for all", Request{GPUs: gpus(40960, 434, 40960, 434), Models: three}, `[STRATEGY] Single GPU Deployment
GPU 0: qwen_32b, mistral_7b, llama3_8b
  - qwen_32b: ~16000 MB
  - mistral_7b: ~4000 MB
  - llama3_8b: ~5000 MB
  VRAM required: 25000 MB
  Free after loading: 15526 MB (37.9%)
GPU 1: no model
  Free: 40526 MB (98.9%)
Status: OK
`},
		{"offload", Request{GPUs: gpus(24576, 0), Models: three, Offload: true}, `[STRATEGY] CPU Offloading
GPU 0: qwen_32b
  - qwen_32b: ~16000 MB
  VRAM required: 16000 MB
  Free after loading: 8576 MB (34.9%)
On CPU: mistral_7b needs 4000 MB with 20% headroom; missing 340 MB on GPU 0
On CPU: llama3_8b needs 5000 MB with 20% headroom; missing 1340 MB on GPU 0
Status: DEGRADED (2 of 3 models on the CPU)
`},
		{"two models", Request{GPUs: gpus(16376, 434), Models: three}, `[STRATEGY] Two-Model Deployment
GPU 0: mistral_7b, llama3_8b
  - mistral_7b: ~4000 MB
  - llama3_8b: ~5000 MB
  VRAM required: 9000 MB
  Free after loading: 6942 MB (42.4%)
Not placed: qwen_32b needs 16000 MB with 20% headroom; missing 12334 MB on GPU 0
Status: INCOMPLETE (1 of 3 models not placed)
`},
		{"used by others", Request{GPUs: gpus(24576, 19665), Models: three[1:]}, `[STRATEGY] Insufficient VRAM
GPU 0: no model
  Free: 4911 MB (19.9%)
Not placed: mistral_7b needs 4000 MB with 20% headroom; missing 4005 MB on GPU 0
Not placed: llama3_8b needs 5000 MB with 20% headroom; missing 5005 MB on GPU 0
Status: INCOMPLETE (2 of 2 models not placed)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, solve(t, c.r).Text())
		})
	}
}

func TestTextSaysWhatIsNotProven(t *testing.T) {
	for want, p := range map[string]Plan{
		"Not proven: a plan that keeps up to 1.2% more by priority may exist\n": {GapRatio: 0.0123},
		"Not proven: 2 GPUs fewer may do\n":                                     {GapGPUs: 2},
		"Not proven: a more even plan may exist\n":                              {},
	} {
		p.Strategy = SingleGPU
		require.Equal(t, "[STRATEGY] Single GPU Deployment\n"+want+"Status: OK\n", p.Text())
	}
}
