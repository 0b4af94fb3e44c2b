package placement

import (
	"cmp"
	"slices"
)

// warmStart is one simple way to pack: an order of the items and a choice of the bin. Which one is
// good depends on the instance, so all are tried; the search then has to beat the best of them.
type warmStart struct {
	order func(a, b item) int
	// tight takes the bin that is left with the least room, else the one that is left with the most.
	tight bool
}

var warmStarts = []warmStart{
	{byDensity, true},
	{byDensity, false},
	{byValue, true},
	{bySize, true},
	{bySize, false},
}

func byValue(a, b item) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(b.mb, a.mb)) }

func bySize(a, b item) int { return cmp.Or(cmp.Compare(b.mb, a.mb), cmp.Compare(b.value, a.value)) }

// greedy packs one item after the other and never takes one back.
func (p problem) greedy(bins []bin, start warmStart) (gpus []int, value int64) {
	order := make([]int, len(p.items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return start.order(p.items[a], p.items[b]) })
	gpus = make([]int, len(p.items))
	for i := range gpus {
		gpus[i] = -1
	}
	return gpus, p.fill(gpus, slices.Clone(bins), order, start.tight)
}

// fill puts each item that is nowhere and fits into a bin, takes its size off the bin's room, and
// returns what that is worth.
func (p problem) fill(gpus []int, bins []bin, order []int, tight bool) (value int64) {
	for _, i := range order {
		it, to := p.items[i], -1
		for b := range bins {
			if gpus[i] >= 0 || !it.fits(bins[b]) {
				continue
			}
			if to < 0 || tight && bins[b].room < bins[to].room || !tight && bins[b].room > bins[to].room {
				to = b
			}
		}
		if to >= 0 {
			bins[to].room -= it.mb
			gpus[i] = bins[to].gpu
			value += it.value
		}
	}
	return value
}
