package placement

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// problem is a request as the search sees it: items of a size and a value that go into bins.
type problem struct {
	items   []item // by falling value per MB
	bins    []bin  // by falling room
	expired func() bool
}

// item is a model that at least one GPU has room for.
type item struct {
	model     int // index in Request.Models
	mb, value int64
	pin       int // the only GPU that will do, as bin.gpu; -1 when any does
}

// bin is a GPU with room, which is its free memory without the headroom.
type bin struct {
	gpu         int // index in Request.GPUs
	room        int64
	free, total int64
}

// packing says where the items are.
type packing struct {
	gpus   []int // by item: a bin.gpu, or -1
	value  int64 // the sum over all items that are on a GPU
	bound  int64 // no packing has a larger value
	proven bool  // nor does any have a larger value than this one
}

func (k packing) gap() float64 { return float64(k.bound-k.value) / float64(max(k.bound, 1)) }

func pose(r Request, expired func() bool) problem {
	p := problem{expired: expired}
	for i, g := range r.GPUs {
		if room := g.FreeMB - gpu.HeadroomMB(g.TotalMB, r.HeadroomRatio); room > 0 {
			p.bins = append(p.bins, bin{gpu: i, room: room, free: g.FreeMB, total: g.TotalMB})
		}
	}
	slices.SortStableFunc(p.bins, func(a, b bin) int { return cmp.Compare(b.room, a.room) })
	values := r.values()
	for i, m := range r.Models {
		it := item{model: i, mb: m.MB, value: values[i], pin: -1}
		if m.Pin != "" {
			it.pin = slices.IndexFunc(r.GPUs, func(g vram.GPU) bool { return pinned(m.Pin, g) })
			if it.pin < 0 {
				continue
			}
		}
		if slices.ContainsFunc(p.bins, it.fits) {
			p.items = append(p.items, it)
		}
	}
	slices.SortStableFunc(p.items, byDensity)
	return p
}

// values are what each model is worth. For Strict one model of a priority is worth more than all of
// lower priorities together.
func (r Request) values() []int64 {
	values := make([]int64, len(r.Models))
	var count [10]int64
	for _, m := range r.Models {
		count[m.Priority]++
	}
	for i, m := range r.Models {
		values[i] = int64(m.Priority)
		if r.Objective == Strict {
			values[i] = 1
			for _, n := range count[:m.Priority] {
				values[i] *= n + 1
			}
		}
	}
	return values
}

// byDensity puts first what is worth most per MB.
func byDensity(a, b item) int {
	aHigh, aLow := bits.Mul64(uint64(a.value), uint64(b.mb))
	bHigh, bLow := bits.Mul64(uint64(b.value), uint64(a.mb))
	return cmp.Or(cmp.Compare(bHigh, aHigh), cmp.Compare(bLow, aLow))
}

// fits says whether the item could be alone in the bin.
func (it item) fits(b bin) bool { return it.mb <= b.room && (it.pin < 0 || it.pin == b.gpu) }

// share is the value of as much of the item as room holds.
func (it item) share(room int64) int64 {
	high, low := bits.Mul64(uint64(it.value), uint64(room))
	part, _ := bits.Div64(high, low, uint64(it.mb)) // room < mb, so that part < value
	return int64(part)
}

// bound is at least the value of any packing: all room is one bin, and the last item goes in by part.
func bound(items []item, bins []bin) (value int64) {
	var room int64
	for _, b := range bins {
		room += b.room
	}
	for _, it := range items {
		if !slices.ContainsFunc(bins, it.fits) {
			continue
		}
		if it.mb > room {
			return value + it.share(room)
		}
		room -= it.mb
		value += it.value
	}
	return value
}

// best is the packing into some bins of the largest value, or any whose value reaches goal. It is
// proven when no packing into these bins has a larger value; its gpus and value are then only
// meant when goal is within reach.
func (p problem) best(bins []bin, goal int64) packing {
	k := packing{gpus: make([]int, len(p.items)), bound: bound(p.items, bins)}
	for i := range k.gpus {
		k.gpus[i] = -1
	}
	if k.bound < goal {
		k.proven = true
		return k
	}
	for _, start := range warmStarts {
		if gpus, value := p.greedy(bins, start); value > k.value {
			k.gpus, k.value = gpus, value
		}
	}
	var core []int // the items that can be in these bins at all
	for i, it := range p.items {
		if slices.ContainsFunc(bins, it.fits) {
			core = append(core, i)
		}
	}
	switch {
	case k.value >= goal:
	case len(core) <= maxExact:
		k.proven = p.exact(&k, core, bins, goal)
	default:
		p.improve(&k, bins, goal)
	}
	if k.proven {
		k.bound = k.value
	}
	k.proven = k.value == k.bound
	return k
}
