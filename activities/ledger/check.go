package ledger

import (
	"context"
	"fmt"
	"os"

	"github.com/evenkeel/evenkeel/activities"
)

// Check says whether an entry could be appended now, without appending one: it takes the place of whoever
// appends and gives it up again. A database that only reads, or that somebody keeps to himself, says no, and so does a
// ledger that was tampered with.
func (s *Store) Check(ctx context.Context) error {
	if err := s.there(); err != nil {
		return err
	}
	tx, err := s.writes.BeginTx(ctx, nil)
	if err != nil {
		return s.fault(err)
	}
	defer func() { _ = tx.Rollback() }()
	_, err = s.turn(ctx, tx)
	return s.fault(err)
}

// File is the file of the ledger; empty where it is not in one.
func (p *place) File() string {
	if p.file == nil {
		return ""
	}
	return p.name
}

// there says whether the file is still the one that was opened. SQLite goes on writing into one that was
// removed, and what it writes is gone with the process.
func (p *place) there() error {
	if p.file == nil {
		return nil
	}
	now, err := os.Stat(p.name)
	if err != nil {
		return p.fault(err)
	}
	if !os.SameFile(now, p.file) {
		return activities.Fail(activities.Unavailable, fmt.Errorf("ledger in %s: another file was put in its place; start again", p.name))
	}
	return nil
}
