package placement

import "math/bits"

// maxExact is for how many items every set can be looked at: 2^20 sets take a tenth of a second.
const maxExact = 20

// A label says how a set of items can be packed when the bins are filled one after the other: how
// many bins are left behind, and how much is used of the next. Of two ways to pack the same set the
// one with the smaller label is never worse, because the other's bins can still be skipped; so one
// label per set is enough, and the way that led to it is forgotten but for its last item.
type label uint64

const (
	usedBits          = 40
	unreachable label = 1<<64 - 1
)

func (l label) bin() int    { return int(l >> usedBits) }
func (l label) used() int64 { return int64(l & (1<<usedBits - 1)) }

// exact is branch and bound over the sets of some items: a branch adds one item to a set, and a set
// from which not even the bound beats the best packing so far is not branched from. It replaces k
// when it finds better, stops as soon as goal is reached, and says whether it went to the end, which
// proves that there is nothing better.
func (p problem) exact(k *packing, core []int, bins []bin, goal int64) (finished bool) {
	if p.expired() {
		return false
	}
	items := make([]item, len(core))
	for i, c := range core {
		items[i] = p.items[c]
	}
	after := make([]int64, len(bins)+1) // the room of a bin and those behind it
	for b := len(bins) - 1; b >= 0; b-- {
		after[b] = after[b+1] + bins[b].room
	}
	labels := make([]label, 1<<len(items))
	values := make([]int64, len(labels))
	last := make([]uint8, len(labels))
	for set := 1; set < len(labels); set++ {
		labels[set] = unreachable
	}
	// A set comes after all its subsets, so that its label is final.
	for set, at := range labels {
		if set%8192 == 8191 && p.expired() {
			return false
		}
		if at == unreachable {
			continue
		}
		if values[set] > k.value {
			k.value = values[set]
			p.recall(k, core, bins, labels, last, uint(set))
			if k.value >= goal {
				return true
			}
		}
		rest := uint(len(labels)-1) &^ uint(set)
		if values[set]+outlook(items, rest, after[at.bin()]-at.used()) <= k.value {
			continue
		}
		for ; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros(rest)
			bigger := uint(set) | 1<<i
			if next := at.add(items[i], bins); next < labels[bigger] {
				labels[bigger], values[bigger], last[bigger] = next, values[set]+items[i].value, uint8(i)
			}
		}
	}
	return true
}

// outlook bounds what the rest of the items can add in the room that is left. Items are by falling
// value per MB.
func outlook(items []item, rest uint, room int64) (value int64) {
	for ; rest != 0; rest &= rest - 1 {
		it := items[bits.TrailingZeros(rest)]
		if it.mb > room {
			return value + it.share(room)
		}
		room -= it.mb
		value += it.value
	}
	return value
}

// add packs one more item into the bin that is being filled, or the next that it fits into.
func (l label) add(it item, bins []bin) label {
	used := l.used()
	for b := l.bin(); b < len(bins); b++ {
		if used+it.mb <= bins[b].room && (it.pin < 0 || it.pin == bins[b].gpu) {
			return label(b)<<usedBits | label(used+it.mb)
		}
		used = 0
	}
	return unreachable
}

// recall writes down how a set was packed.
func (p problem) recall(k *packing, core []int, bins []bin, labels []label, last []uint8, set uint) {
	for _, c := range core {
		k.gpus[c] = -1
	}
	for set != 0 {
		i := last[set]
		k.gpus[core[i]] = bins[labels[set].bin()].gpu
		set &^= 1 << i
	}
}
