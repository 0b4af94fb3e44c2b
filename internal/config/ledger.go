package config

import (
	"fmt"
	"strings"
)

// Ledger is where the audit ledger is kept.
type Ledger struct {
	// DSNFile holds its DSN; the environment's EVENKEEL_LEDGER_DSN wins over it.
	DSNFile string `yaml:"dsn_file"`
}

// LedgerDSN returns where the audit ledger is kept: the environment's EVENKEEL_LEDGER_DSN, else what
// dsn_file holds, else "", which is SQLite in the state directory. It is a secret. Several hosts need
// PostgreSQL, because each of them would else write a ledger of its own.
func (c *Config) LedgerDSN() (string, error) {
	dsn, err := secret("EVENKEEL_LEDGER_DSN", "ledger.dsn_file", c.Ledger.DSNFile)
	if err != nil {
		return "", err
	}
	if len(c.Hosts) > 1 && !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return "", fmt.Errorf("%d hosts need one ledger in PostgreSQL; write its postgres://… DSN into the file that ledger.dsn_file names, or set EVENKEEL_LEDGER_DSN", len(c.Hosts))
	}
	return dsn, nil
}
