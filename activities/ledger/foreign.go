package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// object is something that a database is made of.
type object struct{ kind, name, text string }

// sqliteObjects reads what a database is made of. What SQLite makes for itself has a name that nobody else can give.
func sqliteObjects(ctx context.Context, db querier) ([]object, error) {
	return objects(ctx, db, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name")
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func objects(ctx context.Context, db querier, query string) ([]object, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []object
	for rows.Next() {
		var o object
		if err := rows.Scan(&o.kind, &o.name, &o.text); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// ownObjects are those of a ledger that nobody has touched, by kind and name.
var ownObjects = sync.OnceValues(func() (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // another connection would be another database
	_, err = db.Exec(sqliteSchema)
	var all []object
	if err == nil {
		all, err = sqliteObjects(context.Background(), db)
	}
	own := map[string]string{}
	for _, o := range all {
		own[o.kind+" "+o.name] = o.text
	}
	return own, errors.Join(err, db.Close())
})

// sqliteForeign tells of every table, index, view and trigger that is not as the ledger made it. An index that leaves
// entries out hides them from who reads by it, and a trigger may do anything.
func sqliteForeign(ctx context.Context, tx *sql.Tx, tell func(string)) error {
	own, err := ownObjects()
	if err != nil {
		return fmt.Errorf("the tables of a ledger: %w", err)
	}
	all, err := sqliteObjects(ctx, tx)
	if err != nil {
		return err
	}
	differences(own, all, tell)
	return damage(ctx, tx, tell)
}

// differences tells what a database has beside the ledger's own objects, by kind and name, what it has otherwise, and
// what it lacks.
func differences(own map[string]string, all []object, tell func(string)) {
	there := map[string]bool{}
	for _, o := range all {
		text, known := own[o.kind+" "+o.name]
		there[o.kind+" "+o.name] = true
		switch {
		case !known:
			tell(fmt.Sprintf("the %s %q is not the ledger's; look at what it does, and drop it", o.kind, o.name))
		case plain(o.text) != plain(text):
			tell(fmt.Sprintf("the %s %q is not as the ledger made it", o.kind, o.name))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if kind, name, _ := strings.Cut(key, " "); !there[key] {
			tell(fmt.Sprintf("the %s %q is missing, which the ledger made; find out who dropped it", kind, name))
		}
	}
}

// plain is a statement without its line breaks.
func plain(statement string) string { return strings.Join(strings.Fields(statement), " ") }

// damage tells where an index does not agree with its table: one that says that it is whole may leave entries out all
// the same.
func damage(ctx context.Context, tx *sql.Tx, tell func(string)) error {
	rows, err := tx.QueryContext(ctx, "PRAGMA integrity_check(5)")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			tell("the database does not agree with itself: " + line)
		}
	}
	return rows.Err()
}
