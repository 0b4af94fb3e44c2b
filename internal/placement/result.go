package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// top fills up what a search that ran out of time has left open.
func (p problem) top(k *packing) {
	bins := slices.Clone(p.bins)
	order := make([]int, len(p.items))
	for i, it := range p.items {
		order[i] = i
		if b := slices.IndexFunc(bins, func(b bin) bool { return b.gpu == k.gpus[i] }); b >= 0 {
			bins[b].room -= it.mb
		}
	}
	k.value += p.fill(k.gpus, bins, order, true)
}

// whereabouts says for each model on which GPU it is, as an index into Request.GPUs, or -1.
func (p problem) whereabouts(r Request, k packing) []int {
	gpus := make([]int, len(r.Models))
	for i := range gpus {
		gpus[i] = -1
	}
	for i, it := range p.items {
		gpus[it.model] = k.gpus[i]
	}
	return gpus
}

// fill writes the plan down: the sums of each GPU, what is not on one and why, and the strategy.
func (p *Plan) fill(r Request, on []int) {
	p.GPUs, p.Offloaded, p.Unplaced = make([]GPUPlan, len(r.GPUs)), []string{}, []Unplaced{}
	placed, busy := 0, 0
	for g, of := range r.GPUs {
		out := GPUPlan{
			Index: of.Index, UUID: of.UUID, TotalMB: of.TotalMB, Models: []string{}, ModelsMB: []int64{},
			OthersMB: of.TotalMB - of.FreeMB, FreeMB: of.FreeMB, HeadroomMB: gpu.HeadroomMB(of.TotalMB, r.HeadroomRatio),
		}
		for i, m := range r.Models {
			if on[i] == g {
				out.Models, out.ModelsMB = append(out.Models, m.Name), append(out.ModelsMB, m.MB)
				out.FreeMB -= m.MB
			}
		}
		out.UsedMB, out.FreeRatio = out.TotalMB-out.FreeMB, gpu.FreeRatio(out.FreeMB, out.TotalMB)
		p.GPUs[g] = out
		placed += len(out.Models)
		busy += min(1, len(out.Models))
	}
	for i, m := range r.Models {
		if on[i] >= 0 {
			continue
		}
		if why := p.missing(r, m); r.Offload && m.Pin == "" {
			p.Offloaded, p.OffloadReasons = append(p.Offloaded, m.Name), append(p.OffloadReasons, why)
		} else {
			p.Unplaced = append(p.Unplaced, Unplaced{Model: m.Name, Reason: why})
		}
	}
	switch {
	case p.Complete() && busy <= 1:
		p.Strategy = SingleGPU
	case p.Complete():
		p.Strategy = MultiGPU
	case len(p.Offloaded) > 0:
		p.Strategy = CPUOffload
	case placed == 2:
		p.Strategy = TwoModel
	default:
		p.Strategy = Insufficient
	}
}

// missing says in one line how much a model that is on no GPU lacks on each that it may use, the
// nearest to enough first.
func (p *Plan) missing(r Request, m Model) string {
	type gap struct {
		index int
		mb    int64
	}
	var gaps []gap
	for i, g := range r.GPUs {
		if m.Pin == "" || pinned(m.Pin, g) {
			gaps = append(gaps, gap{g.Index, m.MB - (p.GPUs[i].FreeMB - p.GPUs[i].HeadroomMB)})
		}
	}
	switch {
	case len(r.GPUs) == 0:
		return fmt.Sprintf("needs %d MB; there is no GPU", m.MB)
	case len(gaps) == 0:
		return fmt.Sprintf("needs %d MB on GPU %s, which is not there", m.MB, m.Pin)
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return cmp.Compare(a.mb, b.mb) })
	parts := make([]string, len(gaps))
	for i, g := range gaps {
		parts[i] = fmt.Sprintf("%d MB on GPU %d", g.mb, g.index)
	}
	return fmt.Sprintf("needs %d MB with %.4g%% headroom; missing %s", m.MB, 100*r.HeadroomRatio, strings.Join(parts, ", "))
}
