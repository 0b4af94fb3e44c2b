package scaling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/vram"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func cards(free ...int64) vram.Ledger {
	o := vram.Observation{At: noon}
	for i, mb := range free {
		o.GPUs = append(o.GPUs, vram.GPU{UUID: "GPU-" + string(rune('a'+i)), Index: i, TotalMB: 24576, FreeMB: mb})
	}
	return vram.Ledger{HeadroomRatio: 0.20}.Observe(o)
}

func worker(keep int, add ...int) Change {
	c := Change{Service: "worker-llm", Add: add, Policy: Policy{Name: "worker-llm", ClaimMB: 2000}}
	for n := range keep {
		c.Keep = append(c.Keep, Replica{Number: n + 1})
	}
	return c
}

func indexes(c Change) []int {
	out := []int{}
	for _, a := range c.GPUs {
		out = append(out, a.Index)
	}
	return out
}

// 20 % of 24576 MB is 4916 MB, so a card with 7000 MB free takes one claim of 2000 MB and no second.
func TestGate(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		ledger vram.Ledger
		want   []int
		refuse string
	}{
		"one fits":                           {worker(0, 1), cards(7000), []int{0}, ""},
		"the second breaks the headroom":     {worker(0, 1, 2), cards(7000), []int{0}, "worker-llm #2: GPU 0 (GPU-a) needs 2000 MB and is 1916 MB short"},
		"none fits":                          {worker(0, 1), cards(6900), nil, "worker-llm #1: GPU 0 (GPU-a) needs 2000 MB and is 16 MB short"},
		"up to two stay on the first":        {worker(0, 1, 2), cards(24000, 24000), []int{0, 0}, ""},
		"the third may use the second":       {worker(2, 3), cards(7000, 24000), []int{1}, ""},
		"the third may not use the third":    {worker(2, 3), cards(100, 100, 24000), nil, "worker-llm #3: GPU 0"},
		"the fifth may use all":              {worker(4, 5), cards(100, 100, 24000), []int{2}, ""},
		"a service without a claim":          {Change{Service: "app", Add: []int{2}}, cards(0), []int{}, ""},
		"nothing to add":                     {worker(2), cards(0), []int{}, ""},
		"the emptiest of those it may use":   {worker(4, 5, 6, 7), cards(24000, 23000, 22000), []int{0, 1, 0}, ""},
		"what others were promised is taken": {worker(0, 1), promised(cards(9000), 4000), nil, "is 1916 MB short"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := Gate("shop", c.change, c.ledger, "", noon)
			require.Equal(t, append([]int{}, c.want...), indexes(got))
			if c.refuse == "" {
				require.Empty(t, got.Refusals)
				return
			}
			require.Len(t, got.Refusals, 1)
			require.Equal(t, VRAMHeadroom, got.Refusals[0].Code)
			require.Contains(t, got.Refusals[0].Message, c.refuse)
		})
	}
}

func promised(l vram.Ledger, mb int64) vram.Ledger {
	l, decision, err := l.Reserve(vram.Request{ID: "another", MB: mb, GPUs: []string{"GPU-a"}, TTL: time.Hour}, noon)
	if err != nil || !decision.Granted {
		panic("the test's own reservation was not granted")
	}
	return l
}

func TestGateWithoutGPU(t *testing.T) {
	change := worker(0, 1)
	got, _ := Gate("shop", change, vram.Ledger{}, "no NVIDIA driver", noon)
	require.Equal(t, NoGPU, got.Refusals[0].Code)
	change.Policy.GPUOptional = true
	got, _ = Gate("shop", change, vram.Ledger{}, "no NVIDIA driver", noon)
	require.Empty(t, got.Refusals)
	require.Equal(t, []string{"no GPU on this host (no NVIDIA driver); allowed, because the policy worker-llm says gpu.optional"}, got.Warnings)
}

// Two services of one plan do not count the same free memory.
func TestGateOverAWholePlan(t *testing.T) {
	first, ledger := Gate("shop", worker(0, 1), cards(7000), "", noon)
	require.Empty(t, first.Refusals)
	trainer := worker(0, 1)
	trainer.Service = "worker-rl"
	second, _ := Gate("shop", trainer, ledger, "", noon)
	require.Equal(t, VRAMHeadroom, second.Refusals[0].Code)
}
