package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/config"
)

func (d *doctor) ledger(ctx context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	dsn, err := d.config.LedgerDSN()
	if err != nil {
		what, todo, _ := strings.Cut(err.Error(), "; ")
		return lacking(what, todo)
	}
	dir, err := config.StateDir()
	if err != nil {
		return lacking(err.Error(), "")
	}
	store, err := ledgerdb.Open(ctx, ledgerdb.Options{DSN: dsn, StateDir: dir, ReadOnly: true})
	if errors.Is(err, ledgerdb.ErrNone) {
		return well(err.Error() + ", made on the first start")
	}
	if err != nil {
		return lacking(err.Error(), "start the database, or correct the DSN")
	}
	defer func() { _ = store.Close() }()
	head, err := store.Follow(ctx)
	if err != nil {
		return lacking(err.Error(), "see starter audit verify")
	}
	return well(fmt.Sprintf("%s, %s", store, count(head.Seq)))
}
