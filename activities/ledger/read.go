package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// errPage ends a page that is full.
var errPage = errors.New("the page is full")

// Read returns one page of the entries that the filter leaves, at most ledger.PageBytes of them as
// JSON. An empty page is the end.
func (s *Store) Read(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	if err := f.Check(); err != nil {
		return nil, activities.Fail(activities.InvalidInput, err)
	}
	rest, args := query(f)
	page, bytes := []ledger.Entry{}, 0
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		return s.each(ctx, tx, rest, args, func(e ledger.Entry) error {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if bytes += len(text); bytes > ledger.PageBytes && len(page) > 0 {
				return errPage
			}
			page = append(page, e)
			return nil
		})
	})
	if err != nil && !errors.Is(err, errPage) {
		return nil, s.fault(err)
	}
	return page, nil
}

// query returns the end of a statement, from WHERE on, and its arguments.
func query(f ledger.Filter) (string, []any) {
	var conditions []string
	var args []any
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	for _, text := range []struct{ condition, value string }{
		{"kind =", f.Kind},
		{"subject =", f.Subject},
		{"actor =", f.Actor},
		{"workflow_id =", f.WorkflowID},
		{"key >=", f.KeyPrefix},
		{"key <", f.KeyEnd()},
		{"at >=", f.SinceSecond()},
	} {
		if text.value != "" {
			where(text.condition, text.value)
		}
	}
	if f.AfterSeq > 0 {
		where("seq >", f.AfterSeq)
	}
	if f.BeforeSeq > 0 {
		where("seq <", f.BeforeSeq)
	}
	rest := " ORDER BY seq"
	if len(conditions) > 0 {
		rest = "WHERE " + strings.Join(conditions, " AND ") + rest
	}
	if f.NewestFirst {
		rest += " DESC"
	}
	limit := f.Limit
	if limit == 0 {
		limit = ledger.MaxLimit
	}
	args = append(args, limit)
	return rest + fmt.Sprintf(" LIMIT $%d", len(args)), args
}

// Each calls do for every entry, the oldest first, as one instant has them. An error of do ends it and
// is returned as it is.
func (s *Store) Each(ctx context.Context, do func(ledger.Entry) error) error {
	var own error
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		return s.each(ctx, tx, "ORDER BY seq", nil, func(e ledger.Entry) error { own = do(e); return own })
	})
	if own != nil {
		return own
	}
	return s.fault(err)
}

// Verify looks at every entry, the head row and this host's anchor. What is wrong with them is the
// report and not an error.
func (s *Store) Verify(ctx context.Context) (ledger.Report, error) {
	// The anchor first: what is appended meanwhile may only be newer.
	anchored, err := s.anchor.read()
	if err != nil {
		return ledger.Report{}, err
	}
	var report ledger.Report
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		head, err := headRow(ctx, tx, "")
		if err != nil {
			return err
		}
		v := ledger.NewVerifier(&head, anchored)
		if err := s.each(ctx, tx, "ORDER BY seq", nil, func(e ledger.Entry) error { v.Add(e); return nil }); err != nil {
			return err
		}
		if err := s.foreign(ctx, tx, v.Foreign); err != nil {
			return err
		}
		report = v.End()
		return nil
	})
	return report, s.fault(err)
}
