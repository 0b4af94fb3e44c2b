package ledger

import (
	"context"
	_ "embed" // the tables
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/evenkeel/evenkeel/activities"
)

//go:embed schema_postgres.sql
var postgresSchema string

const (
	// postgresHasTables asks the catalogue, and not to_regclass: that may answer from a cache, which
	// waiting for postgresOne does not renew.
	postgresHasTables = `SELECT count(DISTINCT relname) = 2 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE relname IN ('ledger_entry', 'ledger_head') AND nspname = ANY (current_schemas(false))`
	// postgresOne lets one worker of a fleet make the tables while the others wait.
	postgresOne = `SELECT pg_advisory_xact_lock(7310579418462311)`
)

// openPostgres connects to a server.
func openPostgres(ctx context.Context, o Options) (*place, error) {
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, activities.Fail(activities.InvalidInput, badDSN(err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "evenkeel"
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(8)
	db.SetConnMaxIdleTime(5 * time.Minute)
	address := config.Host
	if !strings.HasPrefix(address, "/") { // which would be a socket
		address = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	p := &place{
		name:  fmt.Sprintf("PostgreSQL at %s, database %s", address, config.Database),
		reads: db, writes: db, lock: " FOR UPDATE", dir: o.StateDir,
		foreign: postgresForeign,
	}
	if err := p.preparePostgres(ctx, o.ReadOnly); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

func (p *place) preparePostgres(ctx context.Context, readOnly bool) error {
	if err := p.utf8(ctx); err != nil {
		return err
	}
	if readOnly {
		return p.expect(ctx, postgresHasTables)
	}
	if err := os.MkdirAll(p.dir, 0o711); err != nil {
		return p.fault(err)
	}
	return p.ensure(ctx, postgresHasTables, postgresOne, postgresSchema)
}

// badDSN leaves out what the parser says of the text itself, which may hold a password.
func badDSN(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("a file that the DSN of the ledger names: %w", file)
	}
	return errors.New("the DSN of the ledger cannot be read; write postgres://USER@HOST:PORT/DATABASE")
}

// utf8 refuses a database that would keep other bytes than those that were hashed.
func (p *place) utf8(ctx context.Context) error {
	var encoding string
	if err := p.reads.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return p.fault(err)
	}
	if encoding != "UTF8" {
		return activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s has the encoding %s; make one with ENCODING 'UTF8'", p.name, encoding))
	}
	return nil
}
