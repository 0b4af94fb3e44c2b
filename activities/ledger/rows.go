package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

const columns = "seq, key, at, kind, subject, actor, workflow_id, run_id, data, prev_hash, hash"

// snapshot lets do read the ledger as it is at one instant.
func (p *place) snapshot(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := p.reads.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(do(tx), tx.Rollback())
}

func headRow(ctx context.Context, tx *sql.Tx, lock string) (ledger.Head, error) {
	var head ledger.Head
	err := tx.QueryRowContext(ctx, "SELECT seq, hash FROM ledger_head WHERE one = 1"+lock).Scan(&head.Seq, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return head, tampered("the ledger was tampered with: its head row is gone")
	}
	return head, err
}

func one(ctx context.Context, tx *sql.Tx, condition string, args ...any) (ledger.Entry, error) {
	return scan(tx.QueryRowContext(ctx, "SELECT "+columns+" FROM ledger_entry WHERE "+condition, args...))
}

// each reads entries one by one; rest is what follows the name of the table.
func (p *place) each(ctx context.Context, tx *sql.Tx, rest string, args []any, do func(ledger.Entry) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+columns+" FROM ledger_entry "+p.plainly+" "+rest, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return err
		}
		if err := do(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scan(row interface{ Scan(...any) error }) (e ledger.Entry, err error) {
	err = row.Scan(&e.Seq, &e.Key, &e.At, &e.Kind, &e.Subject, &e.Actor, &e.WorkflowID, &e.RunID, &e.Data, &e.PrevHash, &e.Hash)
	return e, err
}
