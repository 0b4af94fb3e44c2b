package ledger

import (
	"context"
	"database/sql"
	_ "embed" // the tables
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

//go:embed schema_sqlite.sql
var sqliteSchema string

// openSQLite opens a file. Only its owner may read it.
func openSQLite(ctx context.Context, path string, readOnly bool) (*place, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	p := &place{name: path, dir: filepath.Dir(path), plainly: "NOT INDEXED", foreign: sqliteForeign}
	if !readOnly {
		err = makeFile(path)
	}
	if err == nil {
		p.file, err = os.Stat(path)
	}
	if readOnly && errors.Is(err, fs.ErrNotExist) {
		return nil, activities.Fail(activities.NotFound, fmt.Errorf("%w in %s", ErrNone, path))
	}
	if err == nil {
		err = textfile.Check(path, math.MaxInt64) // SQLite would wait for who writes into a named pipe
	}
	if refused, ok := errors.AsType[*textfile.Error](err); ok {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("ledger in %w", refused))
	}
	if err != nil {
		return nil, p.fault(err)
	}
	// Whoever appends takes the file for itself from the beginning on: a transaction that reads first
	// could not write after somebody else has. FULL is one fsync per commit, which an acknowledged
	// entry needs to outlive a power failure.
	if p.writes, err = sqliteFile(path, "mode=rw&_txlock=immediate&_pragma=journal_mode=wal&_pragma=synchronous=full"); err != nil {
		return nil, err
	}
	p.writes.SetMaxOpenConns(1)
	if p.reads, err = sqliteFile(path, "mode=ro"); err != nil {
		return nil, err
	}
	if readOnly {
		err = p.expect(ctx, sqliteHasTables)
	} else {
		err = p.ensure(ctx, sqliteHasTables, "", sqliteSchema)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

const sqliteHasTables = `SELECT count(*) = 2 FROM sqlite_schema WHERE type = 'table' AND name IN ('ledger_entry', 'ledger_head')`

func sqliteFile(path, options string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout=10000&"+options)
}

// makeFile makes an empty database, because SQLite would make one that others may read. Its side files
// take their mode from it.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o711); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
