package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// score is what a plan is worth, worked out apart from the search: by counting, not by weights.
type score struct {
	kept  [10]int // Strict: models by 9 − priority, Sum: the sum first
	gpus  int
	share float64 // of the fullest GPU that has a model
}

// more says whether s keeps more than o: 1, 0 or -1.
func (s score) more(o score) int { return slices.Compare(s.kept[:], o.kept[:]) }

// score works out a choice of GPUs, by model; ok is false when it breaks a rule.
func (r Request) score(on []int) (s score, ok bool) {
	left := make([]int64, len(r.GPUs))
	busy := make([]bool, len(r.GPUs))
	for g := range r.GPUs {
		left[g] = r.GPUs[g].FreeMB
	}
	for i, g := range on {
		if g < 0 {
			continue
		}
		m := r.Models[i]
		if m.Pin != "" && m.Pin != r.GPUs[g].UUID && m.Pin != strconv.Itoa(r.GPUs[g].Index) {
			return s, false
		}
		left[g] -= m.MB
		busy[g] = true
		if r.Objective == Sum {
			s.kept[0] += m.Priority
		} else {
			s.kept[9-m.Priority]++
		}
	}
	s.share = 1
	for g := range r.GPUs {
		if !busy[g] {
			continue
		}
		if left[g] < gpu.HeadroomMB(r.GPUs[g].TotalMB, r.HeadroomRatio) {
			return s, false
		}
		s.gpus++
		s.share = min(s.share, float64(left[g])/float64(r.GPUs[g].TotalMB))
	}
	return s, true
}

// brute tries every choice and returns the best score of each kind: what is kept, then the fewest
// GPUs, and the largest share.
func (r Request) brute() score {
	var best score
	best.share = 1
	on := make([]int, len(r.Models))
	var try func(int)
	try = func(i int) {
		if i < len(on) {
			for on[i] = -1; on[i] < len(r.GPUs); on[i]++ {
				try(i + 1)
			}
			return
		}
		s, ok := r.score(on)
		if !ok {
			return
		}
		switch s.more(best) {
		case 1:
			best = s
		case 0:
			best.gpus, best.share = min(best.gpus, s.gpus), max(best.share, s.share)
		}
	}
	try(0)
	return best
}

// whole checks all that a plan says against the request, and returns where the models are.
func whole(t *testing.T, r Request, p Plan) []int {
	t.Helper()
	on := make([]int, len(r.Models))
	index := func(name string) int { return slices.IndexFunc(r.Models, func(m Model) bool { return m.Name == name }) }
	for i := range on {
		on[i] = -2
	}
	require.Len(t, p.GPUs, len(r.GPUs))
	busy, placed := 0, 0
	for _, out := range p.GPUs {
		g := slices.IndexFunc(r.GPUs, func(g vram.GPU) bool { return g.Index == out.Index })
		require.Equal(t, r.GPUs[g].TotalMB-r.GPUs[g].FreeMB, out.OthersMB)
		used := out.OthersMB
		for j, name := range out.Models {
			i := index(name)
			require.Equal(t, -2, on[i], "%s is there twice", name)
			on[i] = g
			require.Equal(t, r.Models[i].MB, out.ModelsMB[j])
			used += out.ModelsMB[j]
			placed++
		}
		busy += min(1, len(out.Models))
		require.Equal(t, used, out.UsedMB)
		require.Equal(t, out.TotalMB, out.UsedMB+out.FreeMB)
		require.Equal(t, float64(out.FreeMB)/float64(out.TotalMB), out.FreeRatio)
	}
	require.Len(t, p.OffloadReasons, len(p.Offloaded))
	for _, name := range p.Offloaded {
		require.True(t, r.Offload)
		require.Equal(t, -2, on[index(name)])
		on[index(name)] = -1
	}
	for _, u := range p.Unplaced {
		require.NotEmpty(t, u.Reason)
		require.Equal(t, -2, on[index(u.Model)])
		on[index(u.Model)] = -1
	}
	require.NotContains(t, on, -2, "a model is missing")
	want := Insufficient
	switch {
	case placed == len(on) && busy <= 1:
		want = SingleGPU
	case placed == len(on):
		want = MultiGPU
	case len(p.Offloaded) > 0:
		want = CPUOffload
	case placed == 2:
		want = TwoModel
	}
	require.Equal(t, want, p.Strategy)
	return on
}

// random is a request of at most so many models and GPUs. Sizes are small numbers in a third of all,
// where ties and exact fits are frequent, and odd ones otherwise.
func random(rng *rand.Rand, models, gpus int) Request {
	r := Request{
		Objective:     []Objective{Strict, Sum}[rng.IntN(2)],
		Arrangement:   []Arrangement{Pack, Spread}[rng.IntN(2)],
		HeadroomRatio: []float64{0, 0.1, 0.2, 0.25}[rng.IntN(4)],
		Offload:       rng.IntN(4) == 0,
	}
	unit := []int64{1, 512, 1}[rng.IntN(3)]
	size := []int64{12, 48, 24576}[rng.IntN(3)]
	for i := range rng.IntN(gpus + 1) {
		total := (size/2 + rng.Int64N(size)) * unit
		g := vram.GPU{Index: i, UUID: fmt.Sprintf("GPU-%d", i), TotalMB: total, FreeMB: total}
		if rng.IntN(3) == 0 {
			g.FreeMB = rng.Int64N(total + 1)
		}
		r.GPUs = append(r.GPUs, g)
	}
	if rng.IntN(4) == 0 { // equal GPUs
		for i := range r.GPUs {
			r.GPUs[i].TotalMB, r.GPUs[i].FreeMB = r.GPUs[0].TotalMB, r.GPUs[0].FreeMB
		}
	}
	rng.Shuffle(len(r.GPUs), func(i, j int) { r.GPUs[i], r.GPUs[j] = r.GPUs[j], r.GPUs[i] })
	levels := 1 + rng.IntN(9)
	for i := range rng.IntN(models + 1) {
		m := Model{Name: fmt.Sprintf("m%d", i), MB: (1 + rng.Int64N(max(1, size*3/4))) * unit, Priority: 1 + rng.IntN(levels)}
		switch rng.IntN(12) {
		case 0:
			m.Pin = strconv.Itoa(rng.IntN(gpus + 1))
		case 1:
			m.Pin = fmt.Sprintf("GPU-%d", rng.IntN(gpus))
		}
		r.Models = append(r.Models, m)
	}
	return r
}

// againstBrute solves one random request and compares it with every other choice.
func againstBrute(t *testing.T, seed uint64, models, gpus int) {
	t.Helper()
	r := random(rand.New(rand.NewPCG(seed, 2)), models, gpus)
	p, err := Solve(r, nil)
	require.NoError(t, err)
	require.True(t, p.Optimal, "seed %d", seed)
	got, ok := r.score(whole(t, r, p))
	require.True(t, ok, "seed %d: a rule is broken", seed)
	best := r.brute()
	require.Zero(t, got.more(best), "seed %d: %+v keeps %v, possible is %v", seed, r, got.kept, best.kept)
	if r.Arrangement == Pack {
		require.Equal(t, best.gpus, got.gpus, "seed %d: %+v", seed, r)
	} else {
		require.InDelta(t, best.share, got.share, 0.0011, "seed %d: %+v", seed, r)
	}
}

func TestAgainstBruteForce(t *testing.T) {
	const shards = 4
	for _, c := range []struct{ instances, models, gpus int }{{100_000, 6, 3}, {10_000, 7, 4}, {2_000, 5, 6}, {200, 9, 3}} {
		for shard := range shards {
			t.Run(fmt.Sprintf("%d×%d/%d", c.models, c.gpus, shard), func(t *testing.T) {
				t.Parallel()
				for seed := shard; seed < c.instances; seed += shards {
					againstBrute(t, uint64(seed), c.models, c.gpus)
				}
			})
		}
	}
}
