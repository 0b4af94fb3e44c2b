package ledger

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// chain makes a ledger with n entries.
func chain(n int) []Entry {
	var entries []Entry
	head := Beginning()
	for i := range n {
		d := Draft{
			Key: fmt.Sprintf("k%d", i+1), At: "2026-03-01T12:00:00Z", Kind: "note", Subject: fmt.Sprint("s", i%3), Actor: "anna",
			WorkflowID: "w", RunID: "r", Data: fmt.Sprintf(`{"n":%d}`, i),
		}
		entries = append(entries, d.Seal(head))
		head = entries[i].Head()
	}
	return entries
}

func verify(v *Verifier, entries []Entry) Report {
	for _, e := range entries {
		v.Add(e)
	}
	return v.End()
}

func headOf(entries []Entry) *Head {
	h := Beginning()
	if len(entries) > 0 {
		h = entries[len(entries)-1].Head()
	}
	return &h
}

// forge gives the entries from the i-th on hashes that fit.
func forge(entries []Entry, i int) {
	for ; i < len(entries); i++ {
		if i > 0 {
			entries[i].PrevHash = entries[i-1].Hash
		}
		entries[i].Hash = Sum(entries[i])
	}
}

func TestVerify(t *testing.T) {
	type ledger struct {
		entries      []Entry
		head, anchor *Head
	}
	for _, c := range []struct {
		name   string
		tamper func(*ledger)
		want   []string
	}{
		{"untouched", func(*ledger) {}, nil},
		{"empty", func(l *ledger) { *l = ledger{head: headOf(nil), anchor: headOf(nil)} }, nil},
		{"no head and no anchor", func(l *ledger) { l.head, l.anchor = nil, nil }, nil},
		{"anchor behind", func(l *ledger) { l.anchor = headOf(l.entries[:3]) }, nil},
		{"new anchor", func(l *ledger) { l.anchor = headOf(nil) }, nil},
		{
			"changed", func(l *ledger) { l.entries[4].Data = "{}" },
			[]string{`entry 5 (key "k5") was changed: its content and its hash do not agree`},
		},
		{
			"a key with an escape", func(l *ledger) { l.entries[4].Key = "\x1b[2J\n" },
			[]string{`entry 5 (key "\x1b[2J\n") was changed: its content and its hash do not agree`},
		},
		{
			"changed, with a hash that fits", func(l *ledger) { l.entries[4].Data = "{}"; l.entries[4].Hash = Sum(l.entries[4]) },
			[]string{`entry 5 (key "k5") was replaced: entry 6 (key "k6") continues from another one`},
		},
		{
			"first replaced", func(l *ledger) { l.entries[0].PrevHash = l.entries[3].Hash; l.entries[0].Hash = Sum(l.entries[0]) },
			[]string{
				`entry 1 (key "k1") was replaced: it does not begin a ledger`,
				`entry 1 (key "k1") was replaced: entry 2 (key "k2") continues from another one`,
			},
		},
		{
			"newest replaced", func(l *ledger) { l.entries[9].Data = "{}"; forge(l.entries, 9) },
			[]string{
				`entry 10 (key "k10") was replaced: the head row names another one`,
				`entry 10 (key "k10") was replaced: the anchor of this host names another one`,
			},
		},
		{
			"all forged from the fifth on", func(l *ledger) { l.entries[4].Data = "{}"; forge(l.entries, 4); l.head = headOf(l.entries) },
			[]string{`entry 10 (key "k10") was replaced: the anchor of this host names another one`},
		},
		{
			"all forged, and the anchor is behind", func(l *ledger) {
				l.anchor = headOf(l.entries[:7])
				l.entries[4].Data = "{}"
				forge(l.entries, 4)
				l.head = headOf(l.entries)
			},
			[]string{`entry 7 (key "k7") was replaced: the anchor of this host names another one`},
		},
		{
			"one removed", func(l *ledger) { l.entries = slices.Delete(l.entries, 4, 5) },
			[]string{"entry 5 is missing"},
		},
		{
			"first three removed", func(l *ledger) { l.entries = l.entries[3:] },
			[]string{"entries 1 to 3 are missing"},
		},
		{
			"newest removed", func(l *ledger) { l.entries = l.entries[:8] },
			[]string{
				"the newest entries are gone: the ledger ends at 8, the head row says 10",
				"the newest entries are gone: the ledger ends at 8, the anchor of this host says 10",
			},
		},
		{
			"newest removed, from the head row too", func(l *ledger) { l.entries = l.entries[:8]; l.head = headOf(l.entries) },
			[]string{"the newest entries are gone: the ledger ends at 8, the anchor of this host says 10"},
		},
		{
			"all removed", func(l *ledger) { l.entries, l.head = nil, headOf(nil) },
			[]string{"the newest entries are gone: the ledger ends at 0, the anchor of this host says 10"},
		},
		{
			"removed and closed up", func(l *ledger) {
				l.entries = slices.Delete(l.entries, 4, 5)
				for i := 4; i < len(l.entries); i++ {
					l.entries[i].Seq--
				}
				forge(l.entries, 4)
				l.head = headOf(l.entries)
			},
			[]string{"the newest entries are gone: the ledger ends at 9, the anchor of this host says 10"},
		},
		{
			"two swapped", func(l *ledger) {
				a, b := &l.entries[1], &l.entries[7]
				a.Seq, b.Seq = b.Seq, a.Seq
				*a, *b = *b, *a
			},
			[]string{
				`entry 2 (key "k8") was moved: it was written as entry 8`,
				`entry 8 (key "k2") was moved: it was written as entry 2`,
			},
		},
		{
			"one inserted", func(l *ledger) {
				for i := 7; i < len(l.entries); i++ {
					l.entries[i].Seq++
				}
				l.entries = slices.Insert(l.entries, 7, Draft{Key: "new", At: "2026-03-01T12:00:00Z", Kind: "note"}.Seal(l.entries[6].Head()))
			},
			[]string{
				`entry 8 (key "new") was inserted: entry 9 (key "k8") continues from the entry before it`,
				`entry 9 (key "k8") was moved: it was written as entry 8`,
				`entry 10 (key "k9") was moved: it was written as entry 9`,
				`entry 11 (key "k10") was moved: it was written as entry 10`,
			},
		},
		{
			"two inserted, one with a link and one with a hash that do not fit", func(l *ledger) {
				for i := 8; i < len(l.entries); i++ {
					l.entries[i].Seq += 2
				}
				stray := Draft{Key: "stray", At: "2026-03-01T12:00:00Z", Kind: "note"}.Seal(Head{8, Genesis})
				odd := Draft{Key: "odd", At: "2026-03-01T12:00:00Z", Kind: "note"}.Seal(stray.Head())
				odd.Data = "more"
				l.entries = slices.Insert(l.entries, 8, stray, odd)
			},
			[]string{
				`entry 9 (key "stray") was inserted: entry 11 (key "k9") continues from the entry before it`,
				`entry 10 (key "odd") was inserted: entry 11 (key "k9") continues from the entry before it`,
				`entry 11 (key "k9") was moved: it was written as entry 9`,
				`entry 12 (key "k10") was moved: it was written as entry 10`,
			},
		},
		{
			"one inserted at the beginning", func(l *ledger) {
				for i := range l.entries {
					l.entries[i].Seq++
				}
				l.entries = slices.Insert(l.entries[:3], 0, Draft{Key: "new"}.Seal(Beginning()))
				l.head, l.anchor = nil, nil
			},
			[]string{
				`entry 1 (key "new") was inserted: entry 2 (key "k1") continues from the entry before it`,
				`entry 2 (key "k1") was moved: it was written as entry 1`,
				`entry 3 (key "k2") was moved: it was written as entry 2`,
				`entry 4 (key "k3") was moved: it was written as entry 3`,
			},
		},
		{
			"the newest changed places with another", func(l *ledger) {
				a, b := &l.entries[6], &l.entries[9]
				a.Seq, b.Seq = b.Seq, a.Seq
				*a, *b = *b, *a
			},
			[]string{
				`entry 7 (key "k10") was moved: it was written as entry 10`,
				`entry 10 (key "k7") was moved: it was written as entry 7`,
			},
		},
		{
			"one behind the head", func(l *ledger) { l.entries = append(l.entries, Draft{Key: "new"}.Seal(*l.head)) },
			[]string{`entry 11 (key "new") was inserted: the head row says that the ledger ends at 10`},
		},
		{
			"one before the first", func(l *ledger) {
				l.entries = slices.Insert(l.entries, 0, Draft{Key: "new"}.Seal(Head{Seq: -3, Hash: Genesis}))
			},
			[]string{`entry -2 (key "new") was inserted: the first entry is 1`},
		},
		{
			"lines of a file twice and swapped", func(l *ledger) {
				l.head, l.anchor = nil, nil
				l.entries = slices.Concat(l.entries[:3], l.entries[2:5], l.entries[6:7], l.entries[5:6], l.entries[7:])
			},
			[]string{
				`entry 3 (key "k3") stands behind entry 3`,
				`entry 6 is missing`,
				`entry 6 (key "k6") stands behind entry 7`,
			},
		},
		{
			"only the head row", func(l *ledger) { l.head.Hash = Genesis },
			[]string{`entry 10 (key "k10") was replaced: the head row names another one`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := ledger{entries: chain(10)}
			l.head, l.anchor = headOf(l.entries), headOf(l.entries)
			c.tamper(&l)
			report := verify(NewVerifier(l.head, l.anchor), l.entries)
			var got []string
			for _, f := range report.Faults {
				got = append(got, f.Text)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, len(c.want) == 0, report.Clean)
			require.Equal(t, int64(len(c.want)), report.FaultCount)
			require.Equal(t, int64(len(l.entries)), report.Entries)
			require.Equal(t, l.anchor, report.Anchor)
		})
	}
}

func TestVerifyNamesAtMostTwenty(t *testing.T) {
	entries := chain(100)
	for i := range entries {
		entries[i].Data = "x"
	}
	report := verify(NewVerifier(nil, nil), entries)
	require.Len(t, report.Faults, 20)
	require.Equal(t, int64(100), report.FaultCount)
	require.Equal(t, Fault{Sort: Changed, Seq: 20, Key: "k20", Text: `entry 20 (key "k20") was changed: its content and its hash do not agree`}, report.Faults[19])
}

func TestResume(t *testing.T) {
	entries := chain(10)
	seen, head := entries[5].Head(), headOf(entries)
	require.True(t, verify(Resume(seen, head, &seen), entries[5:]).Clean)
	require.True(t, verify(Resume(seen, head, headOf(entries[:2])), entries[5:]).Clean, "an anchor further back was passed before")
	require.True(t, verify(Resume(Beginning(), head, nil), entries).Clean)
	require.True(t, verify(Resume(Beginning(), headOf(nil), nil), nil).Clean)

	for name, c := range map[string]struct {
		report Report
		want   string
	}{
		"another one there": {
			verify(Resume(Head{6, Genesis}, head, nil), entries[5:]),
			`entry 6 (key "k6") was replaced: this process names another one`,
		},
		"it is gone":         {verify(Resume(seen, head, &seen), entries[6:]), "entry 6 is missing"},
		"all from it on are": {verify(Resume(seen, headOf(entries[:3]), &seen), nil), "the newest entries are gone: entry 6 is not there, which the anchor of this host names"},
		"not what another saw": {
			verify(Resume(seen, head, &Head{8, Genesis}), entries[5:]),
			`entry 8 (key "k8") was replaced: the anchor of this host names another one`,
		},
		"another saw more": {
			verify(Resume(seen, head, &Head{12, Genesis}), entries[5:]),
			"the newest entries are gone: the ledger ends at 10, the anchor of this host says 12",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, int64(1), c.report.FaultCount, "%v", c.report.Faults)
			require.Equal(t, c.want, c.report.Faults[0].Text)
		})
	}
}
