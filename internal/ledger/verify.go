package ledger

import (
	"fmt"
	"slices"
)

// Verifier reads the entries of a ledger one by one in the order of their numbers and finds what was
// changed since they were appended. It keeps no more than the entries that it complains of.
type Verifier struct {
	report Report
	// head is what the ledger itself says its newest entry is; nil for one without a head row.
	head *Head
	// seen are entries that are known from elsewhere.
	seen []witness
	last Entry
	// unsure says that last is no ground for the next entry's prev_hash: it has its own fault, or it
	// was not read.
	unsure   bool
	suspects []suspect
	// passed are the newest entries that were taken, the last one last, and beyond is the place of the fault that
	// the head row does not know an entry; both are by number.
	passed []passed
	beyond map[int64]int
}

// witness is an entry that somebody remembers, and who that is.
type witness struct {
	Head
	who string
}

// suspect is an entry whose hash does not fit, the place of its fault, and what stood before it.
type suspect struct {
	entry  Entry
	fault  int
	before []passed
}

// passed is an entry that was taken and the place of the fault that was told with it; -1 where there was none.
type passed struct {
	entry Entry // without its data
	fault int
}

// NewVerifier verifies a ledger from its first entry on. head is what its head row says and anchor
// what this host has seen; either is nil where there is none.
func NewVerifier(head, anchor *Head) *Verifier {
	v := &Verifier{head: head, last: Entry{Hash: Genesis}, beyond: map[int64]int{}}
	v.report.Head, v.report.Anchor, v.report.Faults = Beginning(), anchor, []Fault{}
	v.witness(head, "the head row")
	v.witness(anchor, "the anchor of this host")
	return v
}

// Resume verifies a ledger from an entry on that was verified before: the first entry to add is that
// one again, or the first of all where from is the Beginning.
func Resume(from Head, head, anchor *Head) *Verifier {
	v := NewVerifier(head, anchor)
	if from.Seq > 0 {
		v.last, v.unsure = Entry{Seq: from.Seq - 1}, true
		if anchor == nil || *anchor != from {
			v.witness(&from, "this process")
		}
	}
	return v
}

func (v *Verifier) witness(seen *Head, who string) {
	if seen != nil {
		v.seen = append(v.seen, witness{*seen, who})
	}
}

// Add takes the next entry.
func (v *Verifier) Add(e Entry) {
	v.report.Entries++
	next, told := v.last.Seq+1, len(v.report.Faults)
	switch {
	case e.Seq < 1:
		v.fault(Inserted, e, named(e)+" was inserted: the first entry is 1")
		return
	case e.Seq < next:
		v.fault(Moved, e, fmt.Sprintf("%s stands behind entry %d", named(e), v.last.Seq))
		return
	case v.head != nil && e.Seq > v.head.Seq:
		v.beyond[e.Seq] = len(v.report.Faults)
		v.fault(Inserted, e, fmt.Sprintf("%s was inserted: the head row says that the ledger ends at %d", named(e), v.head.Seq))
	}
	sound := Sum(e) == e.Hash
	switch {
	case e.Seq > next:
		v.fault(Missing, Entry{Seq: next}, span(next, e.Seq-1))
	case sound && !v.unsure && e.PrevHash != v.last.Hash && next == 1:
		v.fault(Replaced, e, named(e)+" was replaced: it does not begin a ledger")
	case sound && !v.unsure && e.PrevHash != v.last.Hash:
		v.fault(Replaced, v.last, fmt.Sprintf("%s was replaced: %s continues from another one", named(v.last), named(e)))
	}
	if !sound {
		v.suspect(e)
	}
	for _, w := range v.seen {
		if e.Seq == w.Seq && sound && e.Hash != w.Hash {
			v.fault(Replaced, e, fmt.Sprintf("%s was replaced: %s names another one", named(e), w.who))
		}
	}
	v.pass(e, told)
	v.last, v.unsure = e, !sound
	v.report.Head = e.Head()
}

// suspect notes an entry whose hash does not fit. What became of it is judged at the end, when the
// others are known.
func (v *Verifier) suspect(e Entry) {
	if len(v.report.Faults) < maxFaults {
		v.suspects = append(v.suspects, suspect{e, len(v.report.Faults), slices.Clone(v.passed)})
	}
	v.fault(Changed, e, named(e)+" was changed: its content and its hash do not agree")
}

// End returns what was found.
func (v *Verifier) End() Report {
	for _, w := range v.seen {
		if v.last.Seq < w.Seq {
			v.fault(Cut, Entry{Seq: v.last.Seq + 1}, v.gone(w))
		}
	}
	v.judge()
	v.report.Clean = v.report.FaultCount == 0
	return v.report
}

func (v *Verifier) gone(w witness) string {
	if v.unsure && v.report.Entries == 0 { // where the ledger ends was not looked at
		return fmt.Sprintf("the newest entries are gone: entry %d is not there, which %s names", w.Seq, w.who)
	}
	return fmt.Sprintf("the newest entries are gone: the ledger ends at %d, %s says %d", v.last.Seq, w.who, w.Seq)
}

// Foreign tells of something in the database that is not the ledger's.
func (v *Verifier) Foreign(text string) { v.fault(Schema, Entry{}, text) }

func (v *Verifier) fault(sort string, e Entry, text string) {
	v.report.FaultCount++
	if len(v.report.Faults) < maxFaults {
		v.report.Faults = append(v.report.Faults, Fault{Sort: sort, Seq: e.Seq, Key: e.Key, Text: text})
	}
}
