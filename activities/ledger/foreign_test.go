package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Whatever somebody builds into the file of a ledger, reading it shows all entries and verifying it names that.
func TestForeignObjects(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		want       []string
	}{
		"an index that leaves one out, and says so": {
			[]string{"CREATE INDEX quick ON ledger_entry (kind, subject) WHERE seq <> 3"},
			[]string{`the index "quick" is not the ledger's; look at what it does, and drop it`},
		},
		"an index that leaves one out, under the name and with the text of the ledger's": {
			[]string{
				"DROP INDEX ledger_entry_kind", "CREATE INDEX ledger_entry_kind ON ledger_entry (kind, subject, at) WHERE seq <> 3",
				"PRAGMA writable_schema = ON",
				"UPDATE sqlite_schema SET sql = 'CREATE INDEX ledger_entry_kind ON ledger_entry (kind, subject, at)' WHERE name = 'ledger_entry_kind'",
				"PRAGMA writable_schema = RESET",
			},
			[]string{"the database does not agree with itself: wrong # of entries in index ledger_entry_kind", "the database does not agree with itself: row 3 missing from index ledger_entry_kind"},
		},
		"an index of the same name": {
			[]string{"DROP INDEX ledger_entry_kind", "CREATE INDEX ledger_entry_kind ON ledger_entry (kind) WHERE seq <> 3"},
			[]string{`the index "ledger_entry_kind" is not as the ledger made it`},
		},
		"a trigger": {
			[]string{"CREATE TRIGGER forget AFTER INSERT ON ledger_entry BEGIN UPDATE ledger_head SET seq = seq; END"},
			[]string{`the trigger "forget" is not the ledger's; look at what it does, and drop it`},
		},
		"a view and a table": {
			[]string{"CREATE VIEW entries AS SELECT * FROM ledger_entry WHERE seq <> 3", `CREATE TABLE "a` + "\x1b" + `[2J" (x)`},
			[]string{`the table "a\x1b[2J" is not the ledger's; look at what it does, and drop it`, `the view "entries" is not the ledger's; look at what it does, and drop it`},
		},
		"a trigger that lets through": {
			[]string{"DROP TRIGGER ledger_entry_update", "CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry BEGIN SELECT 1; END"},
			[]string{`the trigger "ledger_entry_update" is not as the ledger made it`},
		},
		"the triggers are gone": {
			[]string{"DROP TRIGGER ledger_entry_update", "DROP TRIGGER ledger_head_insert"},
			[]string{
				`the trigger "ledger_entry_update" is missing, which the ledger made; find out who dropped it`,
				`the trigger "ledger_head_insert" is missing, which the ledger made; find out who dropped it`,
			},
		},
		"an index is gone": {
			[]string{"DROP INDEX ledger_entry_workflow"},
			[]string{`the index "ledger_entry_workflow" is missing, which the ledger made; find out who dropped it`},
		},
		"what ANALYZE keeps": {[]string{"ANALYZE"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteSite(t)
			entries := s.fill(s.open(), 5)
			for _, statement := range c.statements {
				s.exec(statement)
			}
			store := s.open()
			require.Equal(t, entries, s.all(store))
			for _, filter := range []ledger.Filter{{Kind: entries[2].Kind}, {Kind: entries[2].Kind, Subject: entries[2].Subject}, {WorkflowID: entries[2].WorkflowID}} {
				page, err := store.Read(t.Context(), filter)
				require.NoError(t, err)
				require.Contains(t, page, entries[2])
			}
			report, err := store.Verify(t.Context())
			require.NoError(t, err)
			var got []string
			for _, fault := range report.Faults {
				require.Equal(t, ledger.Schema, fault.Sort)
				got = append(got, fault.Text)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.want == nil, report.Clean)
		})
	}
}
