package placement

import "slices"

// maxCore is how many items are decided anew at once when there are too many for all of them.
const maxCore = 12

// improve is for more items than every set of them can be looked at. It takes two bins at a time, or
// one, and packs what is in them, and some of what is nowhere, exactly, until no two bins can be
// packed better, goal is reached or the time is over.
func (p problem) improve(k *packing, bins []bin, goal int64) {
	for better := true; better; {
		better = false
		for a := range bins {
			for b := a; b < len(bins); b++ {
				pair := []bin{bins[a], bins[b]}[:min(2, 1+b-a)]
				if p.repack(k, pair) {
					better = true
				}
				if k.value >= goal || p.expired() {
					return
				}
			}
		}
	}
}

// repack packs some bins better, and says whether it could.
func (p problem) repack(k *packing, bins []bin) bool {
	bins = slices.Clone(bins)
	var inside, core []int
	for i, it := range p.items {
		if k.gpus[i] >= 0 && slices.ContainsFunc(bins, func(b bin) bool { return b.gpu == k.gpus[i] }) {
			inside = append(inside, i)
		} else if k.gpus[i] < 0 && len(core) < maxCore/2 && slices.ContainsFunc(bins, it.fits) {
			core = append(core, i)
		}
	}
	// What is worth most per MB stays where it is when there is too much to decide anew.
	stay := max(0, len(inside)-(maxCore-len(core)))
	for _, i := range inside[:stay] {
		b := slices.IndexFunc(bins, func(b bin) bool { return b.gpu == k.gpus[i] })
		bins[b].room -= p.items[i].mb
	}
	core = append(core, inside[stay:]...)
	slices.Sort(core) // exact wants them by falling value per MB, as they are
	part := packing{gpus: slices.Clone(k.gpus)}
	for _, i := range inside[stay:] {
		part.value += p.items[i].value
	}
	before := part.value
	p.exact(&part, core, bins, 1<<62)
	k.gpus, k.value = part.gpus, k.value+part.value-before
	return part.value > before
}
