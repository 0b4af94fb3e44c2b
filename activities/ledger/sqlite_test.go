package ledger

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Nobody else may read what is kept, nor the side files of SQLite.
func TestSQLiteMode(t *testing.T) {
	s := sqliteSite(t)
	s.StateDir = filepath.Join(t.TempDir(), "not", "yet")
	store := s.open()
	s.fill(store, 1)
	files, err := os.ReadDir(s.StateDir)
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), file.Name())
		names = append(names, file.Name())
	}
	require.Equal(t, []string{"ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.head", "ledger.lock"}, names)
	info, err := os.Stat(s.StateDir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o711), info.Mode().Perm())
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2"} {
		var got string
		require.NoError(t, store.writes.QueryRow("PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
}

// A file of its own has its anchor beside it, and a name with signs that a URI would take for its own.
func TestSQLitePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	s := &site{t: t, Options: Options{DSN: "sqlite:" + filepath.Join(dir, "l.db"), StateDir: t.TempDir()}}
	store := s.open()
	s.fill(store, 1)
	require.FileExists(t, filepath.Join(dir, "l.db"))
	require.FileExists(t, filepath.Join(dir, "ledger.head"))
	require.Equal(t, filepath.Join(dir, "l.db"), store.String())
	s.clean(store, 1)
}

func TestBadDSN(t *testing.T) {
	for _, dsn := range []string{"sqlite:", "/srv/ledger.db", "host=db password=geheim", "file:ledger.db"} {
		_, err := Open(t.Context(), Options{DSN: dsn, StateDir: t.TempDir()})
		require.EqualError(t, err, "the DSN of the ledger cannot be read; write sqlite:PATH or postgres://USER@HOST:PORT/DATABASE")
		require.Equal(t, activities.InvalidInput, class(err))
	}
	broken := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, os.WriteFile(broken, []byte(strings.Repeat("no database ", 100)), 0o600))
	_, err := Open(t.Context(), Options{DSN: "sqlite:" + broken})
	require.Equal(t, activities.PreconditionFailed, class(err))
	require.ErrorContains(t, err, "ledger in "+broken+": file is not a database")
}

// What the engine asks before each run must not read the whole ledger.
func TestQueriesUseIndexes(t *testing.T) {
	s := sqliteSite(t)
	store := s.open()
	s.fill(store, 1)
	for index, f := range map[string]ledger.Filter{
		"USING INDEX ledger_entry_kind (kind=? AND subject=? AND at>?)": {Kind: "run", Subject: "runbook/disk", Since: "2026-03-01T12:00:00Z", NewestFirst: true, Limit: 10},
		"USING INDEX ledger_entry_workflow (workflow_id=?)":             {WorkflowID: "w", Limit: 10},
		"USING INTEGER PRIMARY KEY (rowid>?)":                           {AfterSeq: 7, Limit: 10},
		"USING INDEX sqlite_autoindex_ledger_entry_1 (key>? AND key<?)": {KeyPrefix: "a/"},
	} {
		rest, args := query(f)
		rows, err := s.db.Query("EXPLAIN QUERY PLAN SELECT "+columns+" FROM ledger_entry "+rest, args...)
		require.NoError(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		require.NoError(t, rows.Close())
		require.Contains(t, strings.Join(plan, "\n"), index)
	}
}

// Two processes append, and the one whose entry came first writes the anchor last.
func TestAnchorNeverGoesBack(t *testing.T) {
	a := newAnchor(t.TempDir())
	for _, step := range []struct{ to, want int64 }{{3, 3}, {2, 3}, {3, 3}, {0, 3}, {4, 4}} {
		head := ledger.Beginning()
		head.Seq = step.to
		if step.to > 0 {
			head.Hash = strings.Repeat("ab", 32)
		}
		require.NoError(t, a.advance(head))
		got, err := a.read()
		require.NoError(t, err)
		require.Equal(t, step.want, got.Seq)
	}
	entries, err := os.ReadDir(a.dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
