package ledger

import (
	"context"
	"fmt"

	"github.com/evenkeel/evenkeel/activities"
)

// expect says that there must be a ledger already.
func (p *place) expect(ctx context.Context, hasTables string) error {
	var there bool
	if err := p.reads.QueryRowContext(ctx, hasTables).Scan(&there); err != nil {
		return p.fault(err)
	}
	if !there {
		return activities.Fail(activities.NotFound, fmt.Errorf("%w in %s", ErrNone, p.name))
	}
	return nil
}

// ensure makes the tables where there are none, in one transaction. It asks first: a role that may
// only append cannot make tables, and need not.
func (p *place) ensure(ctx context.Context, hasTables, one, schema string) error {
	err := p.expect(ctx, hasTables)
	if activities.ClassOf(err) != activities.NotFound {
		return err
	}
	tx, err := p.writes.BeginTx(ctx, nil)
	if err != nil {
		return p.fault(err)
	}
	defer func() { _ = tx.Rollback() }()
	if one != "" {
		if _, err := tx.ExecContext(ctx, one); err != nil {
			return p.fault(err)
		}
	}
	var there bool
	if err := tx.QueryRowContext(ctx, hasTables).Scan(&there); err != nil {
		return p.fault(err)
	}
	if there {
		return nil
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return p.fault(fmt.Errorf("make the tables: %w", err))
	}
	if err := tx.Commit(); err != nil {
		return p.fault(fmt.Errorf("make the tables: %w", err))
	}
	return nil
}
