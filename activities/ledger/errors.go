package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/evenkeel/evenkeel/activities"
)

// ErrNone says that no ledger was made yet. Its class is NotFound.
var ErrNone = errors.New("there is no ledger")

// fault names the database and gives an error of it a class and one line. What is not known is
// Unavailable: every call may be repeated.
func (p *place) fault(err error) error {
	if _, classed := errors.AsType[*activities.Error](err); classed || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	class := activities.Unavailable
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		class, err = ofPostgres(server.Code), server
	} else if network, ok := errors.AsType[*net.OpError](err); ok {
		err = network
	} else if file, ok := errors.AsType[*sqlite.Error](err); ok {
		class = ofSQLite(file.Code())
	} else if errors.Is(err, fs.ErrPermission) {
		class = activities.PermissionDenied
	}
	return activities.Fail(class, fmt.Errorf("ledger in %s: %w", p.name, oneLine{err}))
}

// ofPostgres returns the class of an SQLSTATE.
func ofPostgres(code string) string {
	switch {
	case code == "3D000", code == "42P01": // no such database, no such table
		return activities.NotFound
	case strings.HasPrefix(code, "28"), code == "42501": // who you are; what you may
		return activities.PermissionDenied
	default:
		return activities.Unavailable
	}
}

func ofSQLite(code int) string {
	switch code & 0xff { // the rest says more exactly which
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return activities.PreconditionFailed
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH:
		return activities.PermissionDenied
	default:
		return activities.Unavailable
	}
}

// oneLine shows an error as one line.
type oneLine struct{ error }

func (o oneLine) Error() string { return strings.Join(strings.Fields(o.error.Error()), " ") }

func (o oneLine) Unwrap() error { return o.error }

// tampered is an error about a ledger that is not what it was.
func tampered(format string, args ...any) error {
	return activities.Fail(activities.PreconditionFailed, fmt.Errorf(format, args...))
}

func isTampered(err error) bool {
	return activities.ClassOf(err) == activities.PreconditionFailed
}
