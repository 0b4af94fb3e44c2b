package ledger

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Somebody with all rights on the database changes it: the report names what, and nothing is appended.
func (s *site) tampering() {
	for name, c := range map[string]struct {
		statements []string
		want       string
	}{
		"changed": {
			[]string{"UPDATE ledger_entry SET data = '{}' WHERE seq = 5"},
			`entry 5 (key "k5") was changed: its content and its hash do not agree`,
		},
		"removed": {
			[]string{"DELETE FROM ledger_entry WHERE seq = 4"},
			"entry 4 is missing",
		},
		"newest removed": {
			[]string{"DELETE FROM ledger_entry WHERE seq = 5"},
			"the newest entries are gone: the ledger ends at 4, the head row says 5",
		},
		"newest removed, with the head": {
			[]string{
				"DELETE FROM ledger_entry WHERE seq = 5",
				"UPDATE ledger_head SET seq = 4, hash = (SELECT hash FROM ledger_entry WHERE seq = 4)",
			},
			"the newest entries are gone: the ledger ends at 4, the anchor of this host says 5",
		},
		"all removed": {
			[]string{"DELETE FROM ledger_entry", "UPDATE ledger_head SET seq = 0, hash = '" + ledger.Genesis + "'"},
			"the newest entries are gone: the ledger ends at 0, the anchor of this host says 5",
		},
		"two swapped": {
			[]string{
				"UPDATE ledger_entry SET seq = -5 WHERE seq = 5", "UPDATE ledger_entry SET seq = 5 WHERE seq = 4",
				"UPDATE ledger_entry SET seq = 4 WHERE seq = -5",
			},
			`entry 4 (key "k5") was moved: it was written as entry 5`,
		},
		"inserted": {
			[]string{"INSERT INTO ledger_entry SELECT 6, 'new', at, kind, subject, actor, workflow_id, run_id, data, prev_hash, hash FROM ledger_entry WHERE seq = 5"},
			`entry 6 (key "new") was inserted: the head row says that the ledger ends at 5`,
		},
		"head row": {
			[]string{"UPDATE ledger_head SET hash = '" + ledger.Genesis + "'"},
			`entry 5 (key "k5") was replaced: the head row names another one`,
		},
	} {
		s.t.Run(name, func(t *testing.T) {
			s := s.fresh(t)
			store := s.open()
			s.fill(store, 5)
			s.tamper(c.statements...)
			before := s.anchored()
			for _, opened := range []*Store{store, s.open()} {
				report, err := opened.Verify(t.Context())
				require.NoError(t, err)
				require.False(t, report.Clean)
				require.Equal(t, c.want, report.Faults[0].Text)
				if name == "removed" {
					continue // an append looks at what follows the anchor; what lies before is for verify
				}
				_, err = opened.Append(t.Context(), note("more"))
				require.Equal(t, activities.PreconditionFailed, class(err))
				require.ErrorContains(t, err, "nothing is appended to it: ")
			}
			require.Equal(t, before, s.anchored())
		})
	}
}

func (s *site) anchorGoesForward() {
	store := s.open()
	entries := s.fill(store, 5)

	// A crash between the append and its anchor.
	s.setAnchor(entries[2].Head())
	s.clean(store, 5)
	again := s.open()
	require.Equal(s.t, entries[4].Head(), s.anchored(), "at the next open")
	s.setAnchor(entries[2].Head())
	_, err := again.Append(s.t.Context(), note("k5"))
	require.NoError(s.t, err)
	require.Equal(s.t, entries[4].Head(), s.anchored(), "at the next append, even of what is there already")

	// Without one, the whole chain must be sound.
	require.NoError(s.t, os.Remove(s.anchorFile()))
	report, err := again.Verify(s.t.Context())
	require.NoError(s.t, err)
	require.Nil(s.t, report.Anchor)
	require.True(s.t, report.Clean)
	s.open()
	require.Equal(s.t, entries[4].Head(), s.anchored())
	require.NoError(s.t, os.Remove(s.anchorFile()))
	s.tamper("UPDATE ledger_entry SET data = '{}' WHERE seq = 2")
	_, err = s.open().Append(s.t.Context(), note("more"))
	require.ErrorContains(s.t, err, `entry 2 (key "k2") was changed`)
	require.NoFileExists(s.t, s.anchorFile())
}

// A ledger that lacks its end is not continued, and not even after a restart: the gap would close.
func (s *site) nothingAfterACut() {
	store := s.open()
	entries := s.fill(store, 5)
	s.tamper("DELETE FROM ledger_entry WHERE seq > 3", "UPDATE ledger_head SET seq = 3, hash = '"+entries[2].Hash+"'")
	for _, opened := range []*Store{store, s.open()} {
		_, err := opened.Append(s.t.Context(), note("more"))
		require.EqualError(s.t, err, "the ledger was tampered with, and nothing is appended to it: "+
			"the newest entries are gone: entry 5 is not there, which the anchor of this host names; see starter audit verify")
		require.Equal(s.t, activities.PreconditionFailed, class(err))
	}
	require.Len(s.t, s.all(store), 3)
	require.Equal(s.t, entries[4].Head(), s.anchored())

	// Another writer filled it up again with entries of its own.
	require.NoError(s.t, os.Remove(s.anchorFile()))
	other := s.open()
	for _, key := range []string{"x4", "x5", "x6"} {
		_, err := other.Append(s.t.Context(), note(key))
		require.NoError(s.t, err)
	}
	s.setAnchor(entries[4].Head())
	report, err := other.Verify(s.t.Context())
	require.NoError(s.t, err)
	require.Equal(s.t, `entry 5 (key "x5") was replaced: the anchor of this host names another one`, report.Faults[0].Text)
	_, err = s.open().Append(s.t.Context(), note("more"))
	require.ErrorContains(s.t, err, `entry 5 (key "x5") was replaced`)
	require.Equal(s.t, entries[4].Head(), s.anchored(), "an anchor that the chain does not lead from stays where it is")
}

func (s *site) anchorChanged() {
	store := s.open()
	s.fill(store, 2)
	require.NoError(s.t, os.WriteFile(s.anchorFile(), []byte("two\n"), 0o600))
	for _, opened := range []*Store{store, s.open()} {
		_, err := opened.Append(s.t.Context(), note("more"))
		require.EqualError(s.t, err, `the anchor of the ledger, `+s.anchorFile()+`, was changed: "two" is not a number and a hash; bring it back, or see docs/ledger.md`)
		require.Equal(s.t, activities.PreconditionFailed, class(err))
		_, err = opened.Verify(s.t.Context())
		require.Equal(s.t, activities.PreconditionFailed, class(err))
	}
	require.Len(s.t, s.all(store), 2)
}

func (s *site) toReadOnly() {
	asked := s.Options
	asked.ReadOnly = true
	_, err := Open(s.t.Context(), asked)
	require.Equal(s.t, activities.NotFound, class(err))
	require.NoFileExists(s.t, s.anchorFile(), "nothing was made")

	entries := s.fill(s.open(), 3)
	s.setAnchor(entries[0].Head())
	store, err := Open(s.t.Context(), asked)
	require.NoError(s.t, err)
	defer store.Close()
	require.Equal(s.t, entries, s.all(store))
	s.clean(store, 3)
	_, err = store.Append(s.t.Context(), note("more"))
	require.Equal(s.t, activities.PermissionDenied, class(err))
	require.Equal(s.t, entries[0].Head(), s.anchored())
}
