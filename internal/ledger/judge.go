package ledger

import (
	"cmp"
	"fmt"
	"slices"
)

// near is how far an insertion or a removal is thought to have moved the entries behind it.
const near = 10

// pass remembers an entry for as long as it can matter to one behind it. told is where its faults begin.
func (v *Verifier) pass(e Entry, told int) {
	p := passed{entry: e, fault: -1}
	if p.entry.Data = ""; told < len(v.report.Faults) {
		p.fault = len(v.report.Faults) - 1
	}
	if len(v.passed) > near {
		v.passed = slices.Delete(v.passed, 0, 1)
	}
	v.passed = append(v.passed, p)
}

// judge finds the suspects that were not changed but given another number: under the old one their hash fits. What
// such an entry says of the one before it is then true, so that what stands between the two was inserted.
func (v *Verifier) judge() {
	moved := map[int64]int64{} // from the number that an entry has to the one that it had
	for _, s := range v.suspects {
		if number, ok := v.written(s); ok {
			moved[s.entry.Seq] = number
			v.report.Faults[s.fault].Sort = Moved
			v.report.Faults[s.fault].Text = fmt.Sprintf("%s was moved: it was written as entry %d", named(s.entry), number)
		}
	}
	wrong := map[int]bool{}
	for _, s := range v.suspects {
		number, ok := moved[s.entry.Seq]
		if !ok || number > s.entry.Seq {
			continue
		}
		if at, told := v.beyond[s.entry.Seq]; told && at < len(v.report.Faults) {
			wrong[at] = true // it was not inserted, but moved there by what was
		}
		for _, p := range between(s, number, moved) {
			v.inserted(p, s.entry)
		}
	}
	v.report.FaultCount -= int64(len(wrong))
	told := v.report.Faults
	v.report.Faults = []Fault{}
	for i, f := range told {
		if !wrong[i] {
			v.report.Faults = append(v.report.Faults, f)
		}
	}
	slices.SortStableFunc(v.report.Faults, func(a, b Fault) int { return cmp.Compare(a.Seq, b.Seq) })
	v.report.Faults = v.report.Faults[:min(maxFaults, len(v.report.Faults))]
}

// between returns what stands between a moved entry and the one that it continues from; none where one of them has
// another number itself, as when two have changed places.
func between(s suspect, number int64, moved map[int64]int64) []passed {
	from := slices.IndexFunc(s.before, func(p passed) bool { return p.entry.Seq >= number })
	if from < 0 {
		return nil
	}
	begins := number == 1 && s.entry.PrevHash == Genesis
	if !begins && (from == 0 || s.before[from-1].entry.Hash != s.entry.PrevHash) {
		return nil
	}
	if slices.ContainsFunc(s.before[from:], func(p passed) bool { _, ok := moved[p.entry.Seq]; return ok }) {
		return nil
	}
	return s.before[from:]
}

// written returns the number that a suspect was written under.
func (v *Verifier) written(s suspect) (int64, bool) {
	var numbers []int64
	for d := int64(1); d <= near; d++ {
		numbers = append(numbers, s.entry.Seq-d, s.entry.Seq+d)
	}
	for _, other := range v.suspects {
		numbers = append(numbers, other.entry.Seq)
	}
	for _, number := range numbers {
		was := s.entry
		if was.Seq = number; Sum(was) == was.Hash {
			return number, true
		}
	}
	return 0, false
}

// inserted tells that an entry does not belong where it stands, in place of what was told of it before.
func (v *Verifier) inserted(p passed, behind Entry) {
	text := fmt.Sprintf("%s was inserted: %s continues from the entry before it", named(p.entry), named(behind))
	if p.fault < 0 {
		v.report.FaultCount++
		p.fault = len(v.report.Faults)
		v.report.Faults = append(v.report.Faults, Fault{}) // beyond the limit, too: it is the cause of those behind it
	}
	v.report.Faults[p.fault] = Fault{Sort: Inserted, Seq: p.entry.Seq, Key: p.entry.Key, Text: text}
}
