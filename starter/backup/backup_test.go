package backup

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stateDir makes a state directory with the files in it.
func stateDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// contents reads all regular files below dir but the locks.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || slices.Contains(lockNames, entry.Name()) {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		found[rel] = string(data)
		return err
	}))
	return found
}

func open(t *testing.T, file, mode string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout=10000&_pragma=journal_mode="+mode)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func backUp(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	_, err := Create(t.Context(), dir, file, "gpu1", noon)
	require.NoError(t, err)
	return file
}

func TestRoundTrip(t *testing.T) {
	want := map[string]string{"head": "17 abc", "archives/model.json": "{}", "empty": ""}
	dir := stateDir(t, want)
	db := open(t, filepath.Join(dir, "ledger.db"), "wal")
	_, err := db.Exec("CREATE TABLE entry (n INTEGER); INSERT INTO entry VALUES (17)")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "ledger.db-wal"), "the row must still be outside of the database file")
	for _, name := range []string{LockName, probeName} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("1"), 0o600))
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	defer func() { _ = socket.Close() }()

	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	manifest, err := Create(t.Context(), dir, file, "gpu1", noon)
	require.NoError(t, err)
	require.Equal(t, "gpu1", manifest.Host)
	require.Equal(t, noon, manifest.MadeAt)
	var listed []string
	for _, f := range manifest.Files {
		listed = append(listed, f.Path)
	}
	require.Equal(t, []string{"archives/model.json", "empty", "head", "ledger.db"}, listed, "databases are copied after what describes them")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	require.Len(t, entries(t, filepath.Dir(file)), 1, "nothing is left beside the backup")

	to := filepath.Join(t.TempDir(), "not", "yet", "there")
	got, err := Restore(t.Context(), file, to, false, noon)
	require.NoError(t, err)
	require.Equal(t, Restored{Manifest: manifest, StateDir: to}, got)
	restored := contents(t, to)
	delete(restored, "ledger.db")
	require.Equal(t, want, restored)
	var n int
	require.NoError(t, open(t, filepath.Join(to, "ledger.db"), "delete").QueryRow("SELECT n FROM entry").Scan(&n))
	require.Equal(t, 17, n)
	require.Len(t, entries(t, filepath.Dir(to)), 1, "nothing is left beside the state directory")
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	return found
}

// A backup of a database that is being written to holds whole transactions, up to some instant.
func TestBackupUnderWrites(t *testing.T) {
	dir := stateDir(t, map[string]string{"x": ""})
	db := open(t, filepath.Join(dir, "temporal.db"), "wal")
	_, err := db.Exec("CREATE TABLE account (name TEXT PRIMARY KEY, amount INTEGER, filler BLOB); INSERT INTO account VALUES ('a', 0, zeroblob(100000)), ('b', 0, zeroblob(100000))")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var written atomic.Int64
	writer := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			tx, err := db.Begin()
			if err == nil {
				_, err = tx.Exec("UPDATE account SET amount = amount + 1, filler = randomblob(100000) WHERE name = 'a'")
			}
			if err == nil {
				_, err = tx.Exec("UPDATE account SET amount = amount - 1, filler = randomblob(100000) WHERE name = 'b'")
			}
			if err == nil {
				err = tx.Commit()
			}
			if err != nil {
				writer <- err
				return
			}
			written.Add(1)
		}
		writer <- nil
	}()
	for range 5 {
		for before := written.Load(); written.Load() < before+3 && len(writer) == 0; {
			time.Sleep(time.Millisecond)
		}
		least := written.Load()
		file := backUp(t, dir)
		most := written.Load() + 1 // a commit may be done and not yet counted
		to := filepath.Join(t.TempDir(), "to")
		_, err := Restore(t.Context(), file, to, false, noon)
		require.NoError(t, err)
		restored := open(t, filepath.Join(to, "temporal.db"), "delete")
		var a, b int64
		require.NoError(t, restored.QueryRow("SELECT (SELECT amount FROM account WHERE name='a'), (SELECT amount FROM account WHERE name='b')").Scan(&a, &b))
		require.Zero(t, a+b, "half of a transaction was copied")
		require.GreaterOrEqual(t, a, least)
		require.LessOrEqual(t, a, most)
	}
	stop()
	require.NoError(t, <-writer)
}

func TestCreateRefuses(t *testing.T) {
	dir := stateDir(t, map[string]string{"x": "1"})
	there := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(there, []byte("precious"), 0o600))
	linked := stateDir(t, map[string]string{"x": "1"})
	require.NoError(t, os.Symlink(there, filepath.Join(linked, "temporal.db")))
	for name, c := range map[string]struct{ dir, file, want string }{
		"file is there":       {dir, there, "is there already; name a new file"},
		"inside of the state": {dir, filepath.Join(dir, "b"), "lies in the state directory itself"},
		"link in the state":   {linked, filepath.Join(t.TempDir(), "b"), "is a link"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Create(t.Context(), c.dir, c.file, "h", noon)
			var refused *RefusedError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, c.want)
		})
	}
	data, err := os.ReadFile(there)
	require.NoError(t, err)
	require.Equal(t, "precious", string(data))

	for _, empty := range []string{filepath.Join(t.TempDir(), "gone"), stateDir(t, map[string]string{LockName: "1"})} {
		_, err := Create(t.Context(), empty, filepath.Join(t.TempDir(), "b"), "h", noon)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	into := t.TempDir()
	_, err = Create(ctx, dir, filepath.Join(into, "b"), "h", noon)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, entries(t, into))
}

// A damaged database must not become a backup.
func TestCreateDamagedDatabase(t *testing.T) {
	dir := stateDir(t, map[string]string{"temporal.db": "this is not SQLite, however long one looks at it"})
	into := t.TempDir()
	_, err := Create(t.Context(), dir, filepath.Join(into, "b"), "h", noon)
	require.ErrorContains(t, err, "temporal.db")
	require.ErrorContains(t, err, "not a database")
	require.Empty(t, entries(t, into))
}

// Two backups to one name: the second does not replace what the first has made meanwhile.
func TestPublishDoesNotOverwrite(t *testing.T) {
	dir := t.TempDir()
	archive, file := filepath.Join(dir, "a"), filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(archive, []byte("second"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte("first"), 0o600))
	require.ErrorContains(t, publish(archive, file), "is there already")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "first", string(data))
}

func TestRestoreWhileRunning(t *testing.T) {
	for name, c := range map[string]struct {
		how  int
		want string
	}{
		LockName:       {syscall.LOCK_EX, "evenkeel (pid 4711) is running on %s; stop it first"},
		LedgerLockName: {syscall.LOCK_SH, "a worker appends to the ledger in %s; stop it first"},
	} {
		t.Run(name, func(t *testing.T) {
			file := backUp(t, stateDir(t, map[string]string{"x": "new"}))
			dir := stateDir(t, map[string]string{"x": "old", name: "4711\n"})
			lock, err := os.Open(filepath.Join(dir, name))
			require.NoError(t, err)
			require.NoError(t, syscall.Flock(int(lock.Fd()), c.how|syscall.LOCK_NB))

			_, err = Restore(t.Context(), file, dir, true, noon)
			require.EqualError(t, err, fmt.Sprintf(c.want, dir))
			require.Equal(t, map[string]string{"x": "old"}, contents(t, dir))

			require.NoError(t, lock.Close())
			_, err = Restore(t.Context(), file, dir, true, noon)
			require.NoError(t, err)
			require.Equal(t, map[string]string{"x": "new"}, contents(t, dir))
		})
	}
}

func TestRestoreOverState(t *testing.T) {
	file := backUp(t, stateDir(t, map[string]string{"x": "new"}))
	dir := stateDir(t, map[string]string{"x": "old", "y": "more"})
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))

	_, err := Restore(t.Context(), file, link, false, noon)
	require.EqualError(t, err, dir+" holds state already; use --replace to move it aside")
	require.Equal(t, map[string]string{"x": "old", "y": "more"}, contents(t, dir))

	got, err := Restore(t.Context(), file, link, true, noon)
	require.NoError(t, err)
	require.Equal(t, dir+".before-20260301T120000Z", got.MovedTo)
	require.Equal(t, map[string]string{"x": "old", "y": "more"}, contents(t, got.MovedTo))
	require.Equal(t, map[string]string{"x": "new"}, contents(t, dir))

	_, err = Restore(t.Context(), file, dir, true, noon)
	require.ErrorContains(t, err, got.MovedTo+" is there already")
	require.Equal(t, map[string]string{"x": "new"}, contents(t, dir))
	require.Len(t, entries(t, filepath.Dir(dir)), 2)
}

// A directory with nothing but the lock of an evenkeel that has ended is no state.
func TestRestoreIntoEmpty(t *testing.T) {
	file := backUp(t, stateDir(t, map[string]string{"x": "new"}))
	dir := stateDir(t, map[string]string{LockName: "1"})
	got, err := Restore(t.Context(), file, dir, false, noon)
	require.NoError(t, err)
	require.Empty(t, got.MovedTo)
	require.Equal(t, map[string]string{"x": "new"}, contents(t, dir))
	require.Len(t, entries(t, filepath.Dir(dir)), 1)
}
