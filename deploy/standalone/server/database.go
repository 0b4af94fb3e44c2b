package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long a closed run can be looked at. A month covers the longest look back that
// evenkeel makes, a follow-up at day 30, and a monthly report; what must outlive it is in the ledger.
const retention = 30 * 24 * time.Hour

// database is the SQLite file of a Temporal server.
type database struct{ path string }

// openDatabase makes the file on the first start, and otherwise checks that this server can use it.
func openDatabase(path, namespace string) (database, error) {
	d := database{path}
	// SQLite gives its side files the mode of the database; histories are nobody else's business.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return d, fmt.Errorf("database: %w", err)
	}
	_ = f.Close()
	if err := d.prepare(); err != nil {
		return d, err
	}
	ns, err := sqlite.NewNamespaceConfig(clusterName, namespace, false, searchAttributes())
	if err != nil {
		return d, fmt.Errorf("namespace %s: %w", namespace, err)
	}
	columns(ns, searchAttributes())
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqlite.CreateNamespaces(d.config(), ns); err != nil { // leaves one that exists alone
		return d, fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return d, nil
}

// config is how the server opens the file.
func (d database) config() *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: (&url.URL{Path: d.path}).EscapedPath(), // the plugin makes a URI of it
		ConnectAttributes: map[string]string{
			"mode":         "rw",
			"journal_mode": "wal",
			// With "normal" a power failure takes back the last commits: a signal that was
			// acknowledged, a step whose side effect has happened. One fsync per commit is the price,
			// and BenchmarkRun does not see it.
			"synchronous": "full",
			// The only other user of the file is checkpoint, and people with the sqlite3 shell.
			"busy_timeout": "10000",
		},
	}
}

// prepare makes the schema in an empty file, in one transaction, so that a first start that was
// interrupted is simply repeated. The server neither checks nor upgrades a SQLite schema, so a file
// with another schema than this server's is refused here, before anything is written to it. One that has
// the indexes that nobody asks by loses them.
func (d database) prepare() error {
	db, err := d.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	have, err := schemaOf(db)
	if err != nil {
		return fmt.Errorf("database %s: %w", d.path, err)
	}
	if len(have) == 0 {
		if err := d.create(db); err != nil {
			return err
		}
		return trim(db)
	}
	fresh, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	defer func() { _ = fresh.Close() }()
	fresh.SetMaxOpenConns(1) // each connection to memory would be a database of its own
	if err := d.create(fresh); err != nil {
		return err
	}
	known, err := schemaOf(fresh)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := trim(fresh); err != nil {
		return err
	}
	want, err := schemaOf(fresh)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := d.compare(have, want, known); err != nil {
		return err
	}
	return trim(db)
}

// compare demands of a file what this server needs, and that it has nothing that this server does not know.
func (d database) compare(have, want, known map[string]bool) error {
	const hint = "Temporal cannot convert a SQLite file: use the evenkeel that wrote it, or move the file away to begin anew"
	if name := firstMissing(have, want); name != "" {
		return fmt.Errorf("%s was written by an older Temporal server (it lacks %s); %s", d.path, name, hint)
	}
	if name := firstMissing(known, have); name != "" {
		return fmt.Errorf("%s was written by a newer Temporal server (it has %s); %s", d.path, name, hint)
	}
	return nil
}

// firstMissing returns the first name, in order of the alphabet, that is in want and not in have.
func firstMissing(have, want map[string]bool) string {
	first := ""
	for name := range want {
		if !have[name] && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// schemaOf names every column, index and trigger. The tables that SQLite's text search keeps for
// itself are left out: they belong to SQLite's version, not to the server's.
func schemaOf(db *sql.DB) (map[string]bool, error) {
	rows, err := db.Query(`
		SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type
		  FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
		 WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite_%'
		UNION ALL
		SELECT type || ' ' || name FROM sqlite_master
		 WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out[name] = true
	}
	return out, rows.Err()
}

func (d database) create(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := sqlite.SetupSchemaOnDB(schemaTx{tx: tx}); err != nil {
		return errors.Join(fmt.Errorf("schema: %w", err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// schemaTx lets the server's schema be made inside a transaction: Exec is all that needs.
type schemaTx struct {
	sqlplugin.AdminDB
	tx *sql.Tx
}

// Exec runs one statement of the schema.
func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.Exec(stmt, args...)
	return err
}

// open returns a connection of our own; the server's stays open for the life of the process.
func (d database) open() (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+d.config().DatabaseName+"?mode=rw&_pragma=busy_timeout=10000")
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", d.path, err)
	}
	return db, nil
}

// checkpoint moves what the write-ahead log holds into the file, so that a copy of temporal.db taken
// while evenkeel is stopped is whole. Without it nothing is lost: the next start reads the log.
func (d database) checkpoint() {
	db, err := d.open()
	if err != nil {
		return
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, _ = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
}
