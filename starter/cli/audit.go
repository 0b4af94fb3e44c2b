package cli

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/worker/connect"
)

func (s *starter) auditCommand() *cobra.Command {
	a := &audit{starter: s}
	cmd := group("audit", "Read and verify the audit ledger", a.listCommand(), a.verifyCommand(), a.exportCommand())
	cmd.Long = `Read and verify the audit ledger: what was decided, approved, denied and done, by whom and why.

A worker reads it for you. With --ledger or --ledger-dsn-file the database is read directly, without a worker
and without Temporal.`
	a.flags(cmd)
	return cmd
}

// audit is `starter audit` and where it reads the ledger.
type audit struct {
	*starter
	dsn, dsnFile string
}

// flags name a database to read in place of a worker.
func (a *audit) flags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&a.dsn, "ledger", "", "read this database: sqlite:PATH or postgres://USER@HOST:PORT/DATABASE")
	flags.StringVar(&a.dsnFile, "ledger-dsn-file", "", "read the database whose DSN this file holds")
}

// records are a ledger that can be read.
type records interface {
	Read(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error)
	Verify(ctx context.Context) (ledger.Report, error)
}

// with opens the ledger that the flags name, and closes it afterwards.
func (a *audit) with(ctx context.Context, do func(records) error) error {
	dsn, err := a.direct()
	if err != nil {
		return err
	}
	if dsn == "" {
		c, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		return do(asked{c})
	}
	dir, err := config.StateDir()
	if err != nil {
		return missing("audit", err.Error(), "")
	}
	store, err := ledgerdb.Open(ctx, ledgerdb.Options{DSN: dsn, StateDir: dir, ReadOnly: true})
	if err != nil {
		return ofLedger(err)
	}
	return errors.Join(ofLedger(do(store)), ofLedger(store.Close()))
}

// direct returns the DSN of the database to read; empty when a worker is to be asked.
func (a *audit) direct() (string, error) {
	switch {
	case a.dsn != "" && a.dsnFile != "":
		return "", usage("audit", "--ledger and --ledger-dsn-file both name a database", "leave one out")
	case a.dsnFile != "":
		dsn, err := config.ReadSecret(a.dsnFile)
		switch _, unread := errors.AsType[*fs.PathError](err); {
		case unread:
			return "", missing("--ledger-dsn-file", err.Error(), "")
		case err != nil:
			return "", usage("--ledger-dsn-file", err.Error(), "write a DSN into it")
		}
		return dsn, nil
	case holdsPassword(a.dsn):
		return "", usage("--ledger", "it holds a password, which every user of this machine can see", "set PGPASSWORD, or write the DSN into the file of --ledger-dsn-file")
	default:
		return a.dsn, nil
	}
}

// holdsPassword says that a DSN has a password, or may have one as far as can be seen.
func holdsPassword(dsn string) bool {
	if !ledgerdb.IsPostgres(dsn) {
		return false
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return strings.Contains(dsn, "@") || strings.Contains(dsn, "password")
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// asked is the ledger as a worker reads it.
type asked struct{ c *connect.Connection }

// Read asks for one page.
func (r asked) Read(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	var on *activities.Records
	var page []ledger.Entry
	err := anyWorker().ask(ctx, r.c, "read the ledger", &page, on.ReadEntries, f)
	return page, err
}

// Verify asks for a report.
func (r asked) Verify(ctx context.Context) (ledger.Report, error) {
	var on *activities.Records
	var report ledger.Report
	err := anyWorker().ask(ctx, r.c, "verify the ledger", &report, on.VerifyLedger)
	return report, err
}

// ofLedger gives an error of package ledger its exit code and leaves others.
func ofLedger(err error) error {
	if classed, ok := errors.AsType[*activities.Error](err); ok {
		return ofClass(classed.Class, "audit", classed.Error())
	}
	return err
}
