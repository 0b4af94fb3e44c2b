// Package ledger keeps the audit ledger in SQLite or PostgreSQL and implements activities.Ledger.
//
// Appends of all workers take turns at the one row of the newest entry. Each host also keeps what it
// has seen as the newest entry in a file, the anchor, so that a ledger from whose end something was
// taken away is noticed: nothing is appended to it any more.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Options say where the ledger is.
type Options struct {
	// DSN is sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE as libpq reads it, with PGPASSWORD and
	// ~/.pgpass; empty is the SQLite file ledger.db in StateDir.
	DSN string
	// StateDir is where this host's anchor lies. With SQLite it lies beside the database file, which
	// is the same by default.
	StateDir string
	// ReadOnly makes nothing, neither tables nor an anchor, and appends nothing.
	ReadOnly bool
}

// Store is an open ledger. All its methods may be called at the same time. Their errors are classed:
// InvalidInput, Conflict (the key says something else), PreconditionFailed (the ledger was tampered
// with), NotFound (no such database or table), PermissionDenied, Unavailable.
type Store struct {
	*place
	anchor   *anchor
	readOnly bool
	inUse    *os.File // nil when it only reads

	mu sync.Mutex
	// seen is the newest entry up to which this process has followed the chain.
	seen ledger.Head
}

// place is a database with the tables of the ledger.
type place struct {
	// name is how errors call it; it holds no password.
	name string
	// reads and writes may be the same.
	reads, writes *sql.DB
	// lock ends the query of the head row where that must be locked explicitly.
	lock string
	// plainly stands behind the name of a table that is read without indexes: one of them may leave entries out.
	plainly string
	// foreign tells what in the database is not the ledger's.
	foreign func(ctx context.Context, tx *sql.Tx, tell func(string)) error
	// dir is where the anchor lies.
	dir string
	// file is what name is on the disk; nil where it is a server.
	file os.FileInfo
}

// Open opens the ledger, and makes it where there is none. The anchor is brought forward to the newest
// entry, or made, if the chain leads there; a ledger that was tampered with is opened all the same, so
// that it can be read and verified.
func Open(ctx context.Context, o Options) (*Store, error) {
	p, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Store{place: p, anchor: newAnchor(p.dir), readOnly: o.ReadOnly, seen: ledger.Beginning()}
	if o.ReadOnly {
		return s, nil
	}
	if s.inUse, err = use(p.dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.catchUp(ctx); err != nil && !isTampered(err) {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*place, error) {
	path, isSQLite := strings.CutPrefix(o.DSN, "sqlite:")
	switch {
	case o.DSN == "":
		return openSQLite(ctx, filepath.Join(o.StateDir, "ledger.db"), o.ReadOnly)
	case isSQLite && path != "":
		return openSQLite(ctx, path, o.ReadOnly)
	case IsPostgres(o.DSN):
		return openPostgres(ctx, o)
	default: // not repeated: whatever it is, it may hold a password
		return nil, activities.Fail(activities.InvalidInput, errors.New("the DSN of the ledger cannot be read; write sqlite:PATH or postgres://USER@HOST:PORT/DATABASE"))
	}
}

// IsPostgres says whether a DSN names a PostgreSQL database.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// lockName is the file beside the anchor that is locked while somebody appends. starter/backup knows it too.
const lockName = "ledger.lock"

// use says to others, starter restore-backup above all, that this process appends. The kernel takes that back
// when the process ends, however it ends.
func use(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, activities.Fail(activities.Unavailable, fmt.Errorf("ledger: %w", err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return nil, activities.Fail(activities.Unavailable, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close()))
	}
	return f, nil
}

// Close closes the database.
func (s *Store) Close() error {
	err := s.close()
	if s.inUse != nil {
		err = errors.Join(err, s.inUse.Close())
	}
	return err
}

func (p *place) close() error { return errors.Join(p.reads.Close(), p.writes.Close()) }

// String names the database, without a password.
func (p *place) String() string { return p.name }

// catchUp brings the anchor forward to the newest entry.
func (s *Store) catchUp(ctx context.Context) error {
	head, err := s.Follow(ctx)
	if err != nil {
		return err
	}
	return s.anchor.advance(s.saw(head))
}

// Follow follows the chain from this host's anchor to the newest entry and returns that. A ledger that does not lead
// there was tampered with: that is PreconditionFailed.
func (s *Store) Follow(ctx context.Context) (head ledger.Head, err error) {
	// The anchor first: what is appended meanwhile may only be newer.
	anchored, err := s.anchor.read()
	if err != nil {
		return head, err
	}
	if anchored != nil {
		s.saw(*anchored)
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		if head, err = headRow(ctx, tx, ""); err != nil {
			return err
		}
		return s.guard(ctx, tx, head, anchored)
	})
	return head, s.fault(err)
}

// saw notes an entry to which the chain was followed, and returns the newest of all.
func (s *Store) saw(h ledger.Head) ledger.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.Seq > s.seen.Seq {
		s.seen = h
	}
	return s.seen
}

func (s *Store) lastSeen() ledger.Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}
