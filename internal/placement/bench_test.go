package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/internal/vram"
)

// instance is a request with so many models on so many different GPUs, whose sizes add up to demand
// times the room that there is.
func instance(rng *rand.Rand, models, gpus int, demand float64) Request {
	r := Request{Objective: []Objective{Strict, Sum}[rng.IntN(2)], Arrangement: Pack, HeadroomRatio: 0.20}
	cards := []int64{16376, 24564, 32607, 40960, 46068, 81559, 143771}
	var room float64
	for i := range gpus {
		total := cards[rng.IntN(len(cards))]
		used := 400 + rng.Int64N(300)
		if rng.IntN(4) == 0 {
			used += rng.Int64N(total / 3)
		}
		r.GPUs = append(r.GPUs, vram.GPU{Index: i, UUID: fmt.Sprintf("GPU-%d", i), TotalMB: total, FreeMB: total - used})
		room += float64(total-used) - 0.2*float64(total)
	}
	weights, sum := make([]float64, models), 0.0
	for i := range weights {
		weights[i] = 0.1 + rng.Float64()
		sum += weights[i]
	}
	for i, w := range weights {
		r.Models = append(r.Models, Model{Name: fmt.Sprintf("m%d", i), MB: 1 + int64(w/sum*demand*room), Priority: 1 + rng.IntN(9)})
	}
	return r
}

// BenchmarkSolve reports beside the mean how many of 100 are proven optimal, and the percentiles.
func BenchmarkSolve(b *testing.B) {
	for _, c := range []struct{ models, gpus int }{{3, 2}, {12, 8}, {16, 8}, {20, 8}, {64, 16}} {
		b.Run(fmt.Sprintf("%d×%d", c.models, c.gpus), func(b *testing.B) {
			var took []time.Duration
			proven, gap := 0, 0.0
			for b.Loop() {
				n := len(took)
				r := instance(rand.New(rand.NewPCG(uint64(n), 5)), c.models, c.gpus, []float64{0.6, 0.9, 1.1}[n%3])
				began := time.Now()
				end := began.Add(250 * time.Millisecond)
				p, err := Solve(r, func() bool { return time.Now().After(end) })
				took = append(took, time.Since(began))
				if err != nil {
					b.Fatal(err)
				}
				gap += p.GapRatio
				if p.Optimal {
					proven++
				}
			}
			slices.Sort(took)
			at := func(share float64) float64 {
				return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1000
			}
			b.ReportMetric(100*float64(proven)/float64(len(took)), "proven-%")
			b.ReportMetric(100*gap/float64(len(took)), "gap-%")
			b.ReportMetric(at(0.50), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(at(1), "max-ms")
		})
	}
}
