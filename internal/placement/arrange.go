package placement

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// pack keeps what k keeps, uses the fewest GPUs and spreads over those. It says whether their number
// is proven; if not, gap is how many fewer might do.
func (p problem) pack(k packing) (packed packing, optimal bool, gap int) {
	k, optimal, gap = p.fewest(k)
	packed, _ = p.spread(k, p.used(k), 100)
	p.settle(packed, 0.01)
	return packed, optimal, gap
}

// fewest keeps what k keeps and uses the fewest GPUs. Those that nothing is pinned to differ only in
// their room, so that of those the roomiest will do. Of the others, each choice is tried.
func (p problem) fewest(k packing) (packed packing, optimal bool, gap int) {
	var special, plain []bin
	for _, b := range p.bins {
		if slices.ContainsFunc(p.items, func(it item) bool { return it.pin == b.gpu }) {
			special = append(special, b)
		} else {
			plain = append(plain, b)
		}
	}
	open := 0 // the lowest number of GPUs that was not proven to be too few
	result := func(k packing, n int) (packing, bool, int) {
		if open > 0 && open < n {
			return k, false, n - open
		}
		return k, true, 0
	}
	used := len(p.used(k))
	for n := 1; n < used; n++ {
		for choice := uint64(0); choice < 1<<min(len(special), 63); choice++ {
			if (open > 0 || choice%1024 == 1023) && p.expired() {
				open = cmp.Or(open, n)
				return result(k, used)
			}
			more := n - bits.OnesCount64(choice)
			if more < 0 || more > len(plain) {
				continue
			}
			bins := slices.Clone(plain[:more])
			for i, b := range special {
				if choice>>i&1 == 1 {
					bins = append(bins, b)
				}
			}
			fewer := p.best(bins, k.value)
			if fewer.value >= k.value {
				fewer.bound, fewer.proven = k.bound, k.proven
				return result(fewer, n)
			}
			if !fewer.proven {
				open = cmp.Or(open, n)
			}
		}
	}
	return result(k, used)
}

// used are the GPUs that something is on.
func (p problem) used(k packing) []bin {
	return slices.DeleteFunc(slices.Clone(p.bins), func(b bin) bool { return !slices.Contains(k.gpus, b.gpu) })
}

// spread keeps what k keeps, on some GPUs, so that the fullest keeps the largest share free, to one of
// so many steps, and says whether that is proven. A share is tried by taking it for the headroom.
func (p problem) spread(k packing, bins []bin, steps int) (even packing, optimal bool) {
	optimal = true
	low, high := 0, steps // what is known to be possible, and what is not
	for high-low > 1 {
		middle := (low + high) / 2
		try := slices.Clone(bins)
		for i := range try {
			try[i].room = min(try[i].room, try[i].free-gpu.HeadroomMB(try[i].total, float64(middle)/float64(steps)))
		}
		try = slices.DeleteFunc(try, func(b bin) bool { return b.room <= 0 })
		if even := p.best(try, k.value); even.value >= k.value {
			k.gpus, low = even.gpus, middle
		} else {
			high, optimal = middle, optimal && even.proven
		}
	}
	return k, optimal
}

// settle lets GPUs change what is on them, so that the more important model is on the lower index. It
// leaves alone what would not fit, what is pinned, and a change by which the fuller of the two would
// keep less free than before by more than a share.
func (p problem) settle(k packing, share float64) {
	bins := slices.SortedFunc(slices.Values(p.bins), func(a, b bin) int { return a.gpu - b.gpu })
	bins = slices.DeleteFunc(bins, func(b bin) bool {
		return slices.ContainsFunc(p.items, func(it item) bool { return it.pin == b.gpu })
	})
	for i, low := range bins {
		for _, high := range bins[i+1:] {
			mine, most := p.content(k, low)
			theirs, more := p.content(k, high)
			if more >= most || theirs > low.room || mine > high.room ||
				min(low.share(theirs), high.share(mine)) < min(low.share(mine), high.share(theirs))-share {
				continue
			}
			for it, gpu := range k.gpus {
				switch gpu {
				case low.gpu:
					k.gpus[it] = high.gpu
				case high.gpu:
					k.gpus[it] = low.gpu
				}
			}
		}
	}
}

// content is how much is on a GPU and the first model of it in the order of the request, by falling
// priority.
func (p problem) content(k packing, b bin) (mb int64, first int) {
	first = maxModels
	for i, it := range p.items {
		if k.gpus[i] == b.gpu {
			mb += it.mb
			first = min(first, it.model)
		}
	}
	return mb, first
}

// share is what stays free with so much on the GPU; one that nothing is on does not count.
func (b bin) share(mb int64) float64 {
	if mb == 0 {
		return 1
	}
	return float64(b.free-mb) / float64(b.total)
}
