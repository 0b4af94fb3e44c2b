package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Append adds an entry and returns it once it is on the disk, and the anchor too. A key that is there
// already returns the entry that it belongs to, with the time of the first append, if that says the
// same, and else is a Conflict. Nothing is appended to a ledger that lacks what this host has seen in
// it or whose chain is broken since then: that is PreconditionFailed and names what is wrong.
func (s *Store) Append(ctx context.Context, d ledger.Draft) (ledger.Entry, error) {
	entry, _, err := s.add(ctx, d, nil)
	if err == nil && !entry.Says(d) {
		return ledger.Entry{}, activities.Fail(activities.Conflict,
			fmt.Errorf("entry %d of the ledger has the key %q already and says something else", entry.Seq, d.Key))
	}
	return entry, err
}

// AppendFirst adds an entry as Append does, where none has its key; first says whether it did. An entry that has the key
// stays, whatever it says.
func (s *Store) AppendFirst(ctx context.Context, d ledger.Draft) (first bool, err error) {
	_, first, err = s.add(ctx, d, nil)
	return first, err
}

// AppendUnless adds an entry as AppendFirst does, unless refuse has something against it, and returns what. It is given
// the entries of the same kind and subject from since on, to the second, while nobody else can append.
func (s *Store) AppendUnless(ctx context.Context, d ledger.Draft, since time.Time, refuse func([]ledger.Entry) string) (why string, err error) {
	_, _, err = s.add(ctx, d, func(tx *sql.Tx) error {
		var before []ledger.Entry
		args := []any{d.Kind, d.Subject, since.UTC().Format("2006-01-02T15:04:05")}
		if err := s.each(ctx, tx, "WHERE kind = $1 AND subject = $2 AND at >= $3 ORDER BY seq", args, func(e ledger.Entry) error {
			before = append(before, e)
			return nil
		}); err != nil {
			return err
		}
		if why = refuse(before); why != "" {
			return errRefused
		}
		return nil
	})
	if errors.Is(err, errRefused) {
		return why, nil
	}
	return "", err
}

// errRefused takes an append back that was refused.
var errRefused = errors.New("it was refused")

// add returns the entry that has the key of the draft then, and whether it was made now. An error of before, which may be
// nil, keeps one from being made.
func (s *Store) add(ctx context.Context, d ledger.Draft, before func(*sql.Tx) error) (entry ledger.Entry, first bool, err error) {
	if s.readOnly {
		return entry, false, activities.Fail(activities.PermissionDenied, fmt.Errorf("ledger in %s: it was opened to read only", s.name))
	}
	if err := d.Check(); err != nil {
		return entry, false, activities.Fail(activities.InvalidInput, err)
	}
	entry, head, first, err := s.append(ctx, d, before)
	if errors.Is(err, errRefused) {
		return ledger.Entry{}, false, err
	}
	if err != nil {
		return ledger.Entry{}, false, s.fault(err)
	}
	if err := s.anchor.advance(s.saw(head)); err != nil {
		// It is appended, but not as safe as was promised. The next attempt finds it by its key.
		return ledger.Entry{}, false, err
	}
	return entry, first, nil
}

// append returns the entry, what is the newest one then, and whether the entry was made now.
func (s *Store) append(ctx context.Context, d ledger.Draft, before func(*sql.Tx) error) (entry ledger.Entry, head ledger.Head, first bool, err error) {
	tx, err := s.writes.BeginTx(ctx, nil)
	if err != nil {
		return entry, head, false, err
	}
	defer func() { _ = tx.Rollback() }()
	if head, err = s.turn(ctx, tx); err != nil {
		return entry, head, false, err
	}
	old, err := one(ctx, tx, "key = $1", d.Key)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return old, head, false, err
	}
	if before != nil {
		if err := before(tx); err != nil {
			return entry, head, false, err
		}
	}
	entry = d.Seal(head)
	if err := insert(ctx, tx, entry); err != nil {
		return entry, head, false, err
	}
	return entry, entry.Head(), true, tx.Commit()
}

// turn takes the place behind the newest entry, which nobody else can append to meanwhile, and makes sure that the chain
// leads there.
func (s *Store) turn(ctx context.Context, tx *sql.Tx) (ledger.Head, error) {
	head, err := headRow(ctx, tx, s.lock)
	if err != nil {
		return head, err
	}
	// While nobody can append, the anchor cannot rightly be ahead.
	anchored, err := s.anchor.read()
	if err != nil {
		return head, err
	}
	return head, s.guard(ctx, tx, head, anchored)
}

// insert writes an entry and makes it the newest.
func insert(ctx context.Context, tx *sql.Tx, e ledger.Entry) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO ledger_entry ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		e.Seq, e.Key, e.At, e.Kind, e.Subject, e.Actor, e.WorkflowID, e.RunID, e.Data, e.PrevHash, e.Hash)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE ledger_head SET seq = $1, hash = $2 WHERE one = 1", e.Seq, e.Hash)
	return err
}

// guard follows the chain from what this process has seen to the newest entry.
func (s *Store) guard(ctx context.Context, tx *sql.Tx, head ledger.Head, anchored *ledger.Head) error {
	from := s.lastSeen()
	v := ledger.Resume(from, &head, anchored)
	rest, args := "ORDER BY seq", []any{}
	if from.Seq > 0 {
		rest, args = "WHERE seq >= $1 ORDER BY seq", append(args, from.Seq)
	}
	if err := s.each(ctx, tx, rest, args, func(e ledger.Entry) error { v.Add(e); return nil }); err != nil {
		return err
	}
	if report := v.End(); !report.Clean {
		return tampered("the ledger was tampered with, and nothing is appended to it: %s; see starter audit verify", report.Faults[0].Text)
	}
	return nil
}
