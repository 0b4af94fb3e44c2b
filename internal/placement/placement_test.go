package placement

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/vram"
)

var three = []Model{{"qwen_32b", 16000, 9, ""}, {"mistral_7b", 4000, 7, ""}, {"llama3_8b", 5000, 5, ""}}

// gpus are GPUs of a total and of what others use on each, the driver included.
func gpus(totalAndUsed ...int64) (out []vram.GPU) {
	for i := 0; i < len(totalAndUsed); i += 2 {
		out = append(out, vram.GPU{Index: i / 2, TotalMB: totalAndUsed[i], FreeMB: totalAndUsed[i] - totalAndUsed[i+1]})
	}
	return out
}

func solve(t *testing.T, r Request) Plan {
	t.Helper()
	if r.Objective == "" {
		r.Objective = Strict
	}
	if r.Arrangement == "" {
		r.Arrangement = Pack
	}
	r.HeadroomRatio = 0.20
	p, err := Solve(r, nil)
	require.NoError(t, err)
	require.True(t, p.Optimal)
	whole(t, r, p)
	return p
}

// row is what becomes of three models on some GPUs.
type row struct {
	name     string
	gpus     []vram.GPU
	goal     Objective
	strategy Strategy
	models   [][]string
	free     []float64 // in percent, after loading
}

func (c row) check(t *testing.T, models []Model) {
	t.Run(c.name, func(t *testing.T) {
		p := solve(t, Request{GPUs: c.gpus, Models: models, Objective: c.goal})
		require.Equal(t, c.strategy, p.Strategy, "%+v", p)
		require.Len(t, p.GPUs, len(c.models))
		for i := range c.models {
			require.Equal(t, c.models[i], p.GPUs[i].Models)
			require.Equal(t, c.free[i], math.Round(p.GPUs[i].FreeRatio*1000)/10)
		}
	})
}

var (
	all       = []string{"qwen_32b", "mistral_7b", "llama3_8b"}
	qwen      = all[:1]
	two       = all[:2]
	small     = all[1:]
	noModel   = []string{}
	something = [][]string{noModel}
)

// The models' VRAM and priorities as they ship.
func TestThreeModels(t *testing.T) {
	for _, c := range []row{
		{"24576 MB in use by others", gpus(24576, 18000), Strict, Insufficient, something, []float64{26.8}},
		{"24576 MB, strict", gpus(24576, 0), Strict, Insufficient, [][]string{qwen}, []float64{34.9}},
		{"24576 MB, sum", gpus(24576, 0), Sum, TwoModel, [][]string{small}, []float64{63.4}},
		{"RTX 4090, strict", gpus(24564, 434), Strict, Insufficient, [][]string{qwen}, []float64{33.1}},
		{"RTX 4090, sum", gpus(24564, 434), Sum, TwoModel, [][]string{small}, []float64{61.6}},
		{"RTX 4080 Super", gpus(16376, 434), Strict, TwoModel, [][]string{small}, []float64{42.4}},
		{"just under 20000 MB", gpus(19999, 0), Strict, TwoModel, [][]string{small}, []float64{55.0}},
		{"20000 MB", gpus(20000, 0), Strict, Insufficient, [][]string{qwen}, []float64{20.0}},
		{"two cards of 24576 MB", gpus(24576, 0, 24576, 0), Strict, MultiGPU, [][]string{qwen, small}, []float64{34.9, 63.4}},
		{"two, with what is reserved", gpus(24576, 434, 24576, 434), Strict, MultiGPU, [][]string{qwen, small}, []float64{33.1, 61.6}},
		{"RTX 5090", gpus(32607, 600), Strict, SingleGPU, [][]string{all}, []float64{21.5}},
		{"all that fit to the MB", gpus(31250, 0), Strict, SingleGPU, [][]string{all}, []float64{20.0}},
		{"one MB short", gpus(31250, 1), Strict, TwoModel, [][]string{two}, []float64{36.0}},
		{"40960 MB", gpus(40960, 434), Strict, SingleGPU, [][]string{all}, []float64{37.9}},
		{"the second card has the room", gpus(24576, 18000, 40960, 434), Strict, SingleGPU, [][]string{noModel, all}, []float64{26.8, 37.9}},
		{"no GPU", nil, Strict, Insufficient, nil, nil},
	} {
		c.check(t, three)
	}
}

// The same models with their sizes read as GiB, and other weights. The driver's reserved memory
// counts: the 5090 would pass without it.
func TestReservedCounts(t *testing.T) {
	sized := []Model{{"qwen_32b", 16384, 4, ""}, {"mistral_7b", 4096, 2, ""}, {"llama3_8b", 5120, 3, ""}}
	llamaFirst, qwenLlama := []string{"llama3_8b", "mistral_7b"}, []string{"qwen_32b", "llama3_8b"}
	byWeight := []string{"qwen_32b", "llama3_8b", "mistral_7b"}
	for _, c := range []row{
		{"in use by others", gpus(24576, 18000), Sum, Insufficient, something, []float64{26.8}},
		{"RTX 4090, sum", gpus(24564, 434), Sum, TwoModel, [][]string{llamaFirst}, []float64{60.7}},
		{"RTX 4090, strict", gpus(24564, 434), Strict, Insufficient, [][]string{qwen}, []float64{31.5}},
		{"RTX 4080 Super", gpus(16376, 434), Sum, TwoModel, [][]string{llamaFirst}, []float64{41.1}},
		{"two RTX 4090", gpus(24576, 434, 24576, 434), Sum, MultiGPU, [][]string{qwen, llamaFirst}, []float64{31.6, 60.7}},
		{"RTX 5090", gpus(32607, 600), Sum, TwoModel, [][]string{qwenLlama}, []float64{32.2}},
		{"RTX 5090, 486 reserved", gpus(32607, 486), Sum, TwoModel, [][]string{qwenLlama}, []float64{32.6}},
		{"RTX 5090, 485 reserved", gpus(32607, 485), Sum, SingleGPU, [][]string{byWeight}, []float64{20.0}},
		{"40960 MB", gpus(40960, 479), Sum, SingleGPU, [][]string{byWeight}, []float64{36.3}},
		{"L40S", gpus(46068, 609), Sum, SingleGPU, [][]string{byWeight}, []float64{43.1}},
		{"H200", gpus(143771, 614), Sum, SingleGPU, [][]string{byWeight}, []float64{81.8}},
	} {
		c.check(t, sized)
	}
}

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name   string
		gpus   []vram.GPU
		models []Model
		goal   Objective
		want   []Unplaced
	}{
		{"what is kept takes the room", gpus(24576, 0), three, Strict, []Unplaced{
			{"mistral_7b", "needs 4000 MB with 20% headroom; missing 340 MB on GPU 0"},
			{"llama3_8b", "needs 5000 MB with 20% headroom; missing 1340 MB on GPU 0"},
		}},
		{"nearest first", gpus(10000, 9000, 10000, 0), three[:1], Strict, []Unplaced{
			{"qwen_32b", "needs 16000 MB with 20% headroom; missing 8000 MB on GPU 1, 17000 MB on GPU 0"},
		}},
		{"never on 24576 MB", gpus(24576, 0), []Model{{"all", 25000, 5, ""}}, Strict, []Unplaced{
			{"all", "needs 25000 MB with 20% headroom; missing 5340 MB on GPU 0"},
		}},
		{"pinned to a full one", gpus(24576, 24000, 24576, 0), []Model{{"a", 4000, 5, "0"}}, Strict, []Unplaced{
			{"a", "needs 4000 MB with 20% headroom; missing 8340 MB on GPU 0"},
		}},
		{"pinned to none", gpus(24576, 0), []Model{{"a", 4000, 5, "GPU-x"}}, Strict, []Unplaced{
			{"a", "needs 4000 MB on GPU GPU-x, which is not there"},
		}},
		{"no GPU", nil, []Model{{"a", 4000, 5, ""}}, Strict, []Unplaced{{"a", "needs 4000 MB; there is no GPU"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, solve(t, Request{GPUs: c.gpus, Models: c.models, Objective: c.goal}).Unplaced)
		})
	}
}

func TestPinnedStaysOffTheCPU(t *testing.T) {
	p := solve(t, Request{GPUs: gpus(8000, 0), Models: []Model{{"free", 9000, 1, ""}, {"pinned", 9000, 9, "0"}}, Offload: true})
	require.Equal(t, CPUOffload, p.Strategy)
	require.Equal(t, []string{"free"}, p.Offloaded)
	require.Equal(t, "pinned", p.Unplaced[0].Model)
}

func TestSpread(t *testing.T) {
	models := []Model{{"a", 4000, 5, ""}, {"b", 4000, 5, ""}, {"c", 4000, 5, ""}}
	packed := solve(t, Request{GPUs: gpus(24576, 0, 24576, 0, 24576, 0), Models: models})
	require.Equal(t, SingleGPU, packed.Strategy)
	even := solve(t, Request{GPUs: gpus(24576, 0, 24576, 0, 24576, 0), Models: models, Arrangement: Spread})
	for _, g := range even.GPUs {
		require.Len(t, g.Models, 1)
	}
}

func TestPlanAsJSON(t *testing.T) {
	p := solve(t, Request{GPUs: []vram.GPU{{Index: 0, UUID: "GPU-a", TotalMB: 24576, FreeMB: 24142}}, Models: three[:2], Offload: true})
	data, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{"strategy": "cpu_offload", "gpus": [{"index": 0, "uuid": "GPU-a", "total_mb": 24576,
		"models": ["qwen_32b"], "models_mb": [16000], "others_mb": 434, "used_mb": 16434, "free_mb": 8142, "free_ratio": 0.331298828125,
		"headroom_mb": 4916}], "offloaded": ["mistral_7b"],
		"offload_reasons": ["needs 4000 MB with 20% headroom; missing 774 MB on GPU 0"], "unplaced": [], "optimal": true}`, string(data))
	data, err = json.Marshal(solve(t, Request{}))
	require.NoError(t, err)
	require.JSONEq(t, `{"strategy": "single_gpu", "gpus": [], "offloaded": [], "unplaced": [], "optimal": true}`, string(data))
}

func TestWhatCannotBeDecided(t *testing.T) {
	good := Request{GPUs: gpus(24576, 0), Models: three, Objective: Strict, Arrangement: Pack, HeadroomRatio: 0.2}
	for want, change := range map[string]func(*Request){
		`objective "most" is not known; it is strict or sum`:                func(r *Request) { r.Objective = "most" },
		`arrangement "" is not known; it is pack or spread`:                 func(r *Request) { r.Arrangement = "" },
		"a headroom of 1 is not a share; it is 0 or more and less than 1":   func(r *Request) { r.HeadroomRatio = 1 },
		"a headroom of NaN is not a share; it is 0 or more and less than 1": func(r *Request) { r.HeadroomRatio = math.NaN() },
		"GPU 0 has 0 MB, of which 0 MB are free; that cannot be":            func(r *Request) { r.GPUs = gpus(0, 0) },
		"GPU 0 has 10 MB, of which 11 MB are free; that cannot be":          func(r *Request) { r.GPUs = gpus(10, -1) },
		"GPU 0 has 10 MB, of which -1 MB are free; that cannot be":          func(r *Request) { r.GPUs = gpus(10, 11) },
		"GPU 0 is there twice":                                      func(r *Request) { r.GPUs = append(gpus(10, 0), gpus(10, 0)...) },
		"model a has 0 MB; it is 1 to 4294967296":                   func(r *Request) { r.Models = []Model{{"a", 0, 5, ""}} },
		"model a has priority 10; it is 1 to 9":                     func(r *Request) { r.Models = []Model{{"a", 1, 10, ""}} },
		"model a is there twice":                                    func(r *Request) { r.Models = []Model{{"a", 1, 5, ""}, {"a", 2, 5, ""}} },
		"1001 models are more than the 1000 that can be decided on": func(r *Request) { r.Models = make([]Model, 1001) },
	} {
		r := good
		change(&r)
		_, err := Solve(r, nil)
		require.EqualError(t, err, want)
	}
}

// More models than every set of them can be looked at: the plan keeps the rules, is never worse than
// a greedy one, says how far off it may be, and is the same each time.
func TestManyModels(t *testing.T) {
	improved, proven := 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		r := instance(rng, 24+rng.IntN(41), 2+rng.IntN(15), []float64{0.6, 0.9, 1.1}[seed%3])
		r.Arrangement = []Arrangement{Pack, Spread}[rng.IntN(2)]
		for i := range r.Models {
			if rng.IntN(10) == 0 {
				r.Models[i].Pin = r.GPUs[rng.IntN(len(r.GPUs))].UUID
			}
		}
		p, err := Solve(r, after(40))
		require.NoError(t, err)
		again, err := Solve(r, after(40))
		require.NoError(t, err)
		require.Equal(t, p, again)
		on := whole(t, r, p)
		_, ok := r.score(on)
		require.True(t, ok)

		posed := pose(r, nil)
		var value, greedy int64
		for _, it := range posed.items {
			if on[it.model] >= 0 {
				value += it.value
			}
		}
		for _, start := range warmStarts {
			_, v := posed.greedy(posed.bins, start)
			greedy = max(greedy, v)
		}
		limit := bound(posed.items, posed.bins)
		require.GreaterOrEqual(t, value, greedy, "seed %d", seed)
		require.LessOrEqual(t, value, limit)
		if p.Optimal {
			proven++
			require.Zero(t, p.GapRatio)
			require.Zero(t, p.GapGPUs)
		} else if p.GapRatio == 0 {
			require.Equal(t, limit, value)
		}
		if value > greedy {
			improved++
		}
	}
	require.Positive(t, improved)
	require.Positive(t, proven)
}

// after is a clock that says it is over after so many questions.
func after(questions int) func() bool {
	return func() bool {
		questions--
		return questions < 0
	}
}

// A search that is stopped at any point gives a plan that keeps the rules and claims nothing.
func TestStopped(t *testing.T) {
	stopped := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 4))
		r := instance(rng, 10+rng.IntN(7), 2+rng.IntN(7), 0.9+rng.Float64()/5)
		p, err := Solve(r, after(int(seed%5)))
		require.NoError(t, err)
		got, ok := r.score(whole(t, r, p))
		require.True(t, ok)
		full, err := Solve(r, nil)
		require.NoError(t, err)
		require.True(t, full.Optimal)
		best, _ := r.score(whole(t, r, full))
		require.LessOrEqual(t, got.more(best), 0)
		if p.Optimal {
			require.Zero(t, got.more(best))
			require.Equal(t, best.gpus, got.gpus)
			continue
		}
		stopped++
		if got.more(best) < 0 {
			require.Positive(t, p.GapRatio)
		} else {
			require.True(t, p.GapRatio > 0 || got.gpus-best.gpus <= p.GapGPUs)
		}
	}
	require.Positive(t, stopped)
}

func TestInputStaysAsItIs(t *testing.T) {
	r := Request{GPUs: gpus(24576, 0, 40960, 0), Models: slices.Clone(three), Objective: Strict, Arrangement: Pack}
	slices.Reverse(r.GPUs)
	slices.Reverse(r.Models)
	before := Request{GPUs: slices.Clone(r.GPUs), Models: slices.Clone(r.Models)}
	_, err := Solve(r, nil)
	require.NoError(t, err)
	require.Equal(t, before.GPUs, r.GPUs)
	require.Equal(t, before.Models, r.Models)
}
