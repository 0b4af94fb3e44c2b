// Package placement decides which model goes on which GPU. The decision is exact up to 20 models and
// otherwise the best that is found in the given time, with a bound on what may have been missed.
//
// MB is 2^20 bytes.
package placement

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/evenkeel/evenkeel/internal/vram"
)

// Model is a model that is wanted on a GPU.
type Model struct {
	Name string `json:"name"`
	MB   int64  `json:"mb"`
	// Priority is 1 to 9; 9 is kept longest.
	Priority int `json:"priority"`
	// Pin is the index or the UUID of the only GPU that will do; empty when any does.
	Pin string `json:"pin,omitempty"`
}

// Objective says what is kept when not everything fits.
type Objective string

// The objectives.
const (
	// Strict keeps as many models of the highest priority as fit, then of the next, and so on.
	Strict Objective = "strict"
	// Sum keeps the largest sum of priorities.
	Sum Objective = "sum"
)

// Arrangement says where models go when there is a choice. What is kept never depends on it.
type Arrangement string

// The arrangements.
const (
	Pack   Arrangement = "pack"   // on the fewest GPUs
	Spread Arrangement = "spread" // so that the fullest GPU keeps the largest free share, to 0.1 %
)

// Request is what to decide.
type Request struct {
	// GPUs are what there is, as it is now: free is what models may take once the headroom is off.
	GPUs        []vram.GPU
	Models      []Model
	Objective   Objective
	Arrangement Arrangement
	// HeadroomRatio is the share of each GPU's total that stays free, 0 or more and less than 1.
	HeadroomRatio float64
	// Offload puts models that fit nowhere on the CPU. A model goes there whole, because not every
	// engine can split one; one that is pinned stays away.
	Offload bool
}

// Strategy is what kind of plan came out.
type Strategy string

// The strategies.
const (
	SingleGPU    Strategy = "single_gpu"        // all models are on one GPU
	MultiGPU     Strategy = "multi_gpu"         // all models are on several GPUs
	CPUOffload   Strategy = "cpu_offload"       // some are on the CPU
	TwoModel     Strategy = "two_model"         // exactly two are placed, others are not
	Insufficient Strategy = "insufficient_vram" // any other number is
)

// Plan is the decision.
type Plan struct {
	Strategy Strategy `json:"strategy"`
	// GPUs are all GPUs of the request in the order of their index.
	GPUs []GPUPlan `json:"gpus"`
	// Offloaded are the models on the CPU, and OffloadReasons says for each why.
	Offloaded      []string `json:"offloaded"`
	OffloadReasons []string `json:"offload_reasons,omitempty"`
	// Unplaced are the models that are nowhere.
	Unplaced []Unplaced `json:"unplaced"`
	// Optimal says that no plan is better: first in what is kept, by the objective, and then in its
	// arrangement.
	Optimal bool `json:"optimal"`
	// GapRatio bounds what a plan that is not Optimal may have missed of the objective's value.
	// Under Strict a priority weighs more than all lower ones together.
	GapRatio float64 `json:"gap_ratio,omitempty"`
	// GapGPUs bounds how many GPUs fewer might do, when what is kept is optimal and Pack is not.
	GapGPUs int `json:"gap_gpus,omitempty"`
}

// GPUPlan is what a plan puts on one GPU, with the sums: others and models are used, used and free
// are the total.
type GPUPlan struct {
	Index   int    `json:"index"`
	UUID    string `json:"uuid,omitempty"`
	TotalMB int64  `json:"total_mb"`
	// Models are in the order of falling priority; ModelsMB are their sizes.
	Models   []string `json:"models"`
	ModelsMB []int64  `json:"models_mb"`
	// OthersMB is what others use now, the driver's own included.
	OthersMB int64 `json:"others_mb"`
	// UsedMB, FreeMB and FreeRatio are those after loading.
	UsedMB    int64   `json:"used_mb"`
	FreeMB    int64   `json:"free_mb"`
	FreeRatio float64 `json:"free_ratio"`
	// HeadroomMB is how much of it has to stay free.
	HeadroomMB int64 `json:"headroom_mb"`
}

// Unplaced is a model that is nowhere, and how much is missing where.
type Unplaced struct {
	Model  string `json:"model"`
	Reason string `json:"reason"`
}

// Complete says that every model is on a GPU.
func (p Plan) Complete() bool { return len(p.Offloaded) == 0 && len(p.Unplaced) == 0 }

// What is decided on is bounded, far above what there is, so that no sum and no value overflows.
const (
	maxMB     = 1 << 32
	maxModels = 1000
)

// check finds what cannot be decided on.
func (r Request) check() error {
	if r.Objective != Strict && r.Objective != Sum {
		return fmt.Errorf("objective %q is not known; it is %s or %s", r.Objective, Strict, Sum)
	}
	if r.Arrangement != Pack && r.Arrangement != Spread {
		return fmt.Errorf("arrangement %q is not known; it is %s or %s", r.Arrangement, Pack, Spread)
	}
	if share := r.HeadroomRatio >= 0 && r.HeadroomRatio < 1; !share { // nor is NaN
		return fmt.Errorf("a headroom of %g is not a share; it is 0 or more and less than 1", r.HeadroomRatio)
	}
	for i, g := range r.GPUs {
		if g.TotalMB < 1 || g.TotalMB > maxMB || g.FreeMB < 0 || g.FreeMB > g.TotalMB {
			return fmt.Errorf("GPU %d has %d MB, of which %d MB are free; that cannot be", g.Index, g.TotalMB, g.FreeMB)
		}
		if slices.ContainsFunc(r.GPUs[:i], func(o vram.GPU) bool { return o.Index == g.Index || o.UUID != "" && o.UUID == g.UUID }) {
			return fmt.Errorf("GPU %d is there twice", g.Index)
		}
	}
	if len(r.Models) > maxModels {
		return fmt.Errorf("%d models are more than the %d that can be decided on", len(r.Models), maxModels)
	}
	for i, m := range r.Models {
		switch {
		case m.MB < 1 || m.MB > maxMB:
			return fmt.Errorf("model %s has %d MB; it is 1 to %d", m.Name, m.MB, maxMB)
		case m.Priority < 1 || m.Priority > 9:
			return fmt.Errorf("model %s has priority %d; it is 1 to 9", m.Name, m.Priority)
		case slices.ContainsFunc(r.Models[:i], func(o Model) bool { return o.Name == m.Name }):
			return fmt.Errorf("model %s is there twice", m.Name)
		}
	}
	return nil
}

// pinned says whether g is the GPU that a pin means.
func pinned(pin string, g vram.GPU) bool { return pin == g.UUID || pin == strconv.Itoa(g.Index) }

// Solve decides. It asks expired about every ten thousand steps, a fraction of a millisecond, and when that
// says true returns the best plan found so far; it never asks when it is nil. The same request gets
// the same plan unless the time ran out. The error says what of the request cannot be.
func Solve(r Request, expired func() bool) (Plan, error) {
	if err := r.check(); err != nil {
		return Plan{}, err
	}
	if expired == nil {
		expired = func() bool { return false }
	}
	r.GPUs = slices.SortedFunc(slices.Values(r.GPUs), func(a, b vram.GPU) int { return a.Index - b.Index })
	r.Models = slices.SortedStableFunc(slices.Values(r.Models), func(a, b Model) int { return b.Priority - a.Priority })
	p := pose(r, expired)
	found := p.best(p.bins, bound(p.items, p.bins))
	var plan Plan
	if r.Arrangement == Spread {
		found, plan.Optimal = p.spread(found, p.bins, 1000)
		p.settle(found, 0)
	} else {
		found, plan.Optimal, plan.GapGPUs = p.pack(found)
	}
	if !found.proven {
		p.top(&found)
		plan.Optimal, plan.GapRatio, plan.GapGPUs = false, found.gap(), 0
	}
	plan.fill(r, p.whereabouts(r, found))
	return plan, nil
}
