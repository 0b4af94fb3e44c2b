package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLedgerDSN(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	const postgres = "postgres://ops@db.example.com/evenkeel"
	const several = "2 hosts need one ledger in PostgreSQL; write its postgres://… DSN into the file that ledger.dsn_file names, or set EVENKEEL_LEDGER_DSN"
	one := map[string]Host{"a": {}}
	two := map[string]Host{"a": {}, "b": {}}
	for _, c := range []struct {
		name, variable, text string
		hosts                map[string]Host
		want, fault          string
	}{
		{name: "nothing", hosts: one},
		{name: "file", hosts: one, text: " sqlite:/srv/ledger.db\n", want: "sqlite:/srv/ledger.db"},
		{name: "variable wins", hosts: one, text: "sqlite:/srv/ledger.db", variable: postgres, want: postgres},
		{name: "several", hosts: two, text: postgres, want: postgres},
		{name: "several by variable", hosts: two, variable: "postgresql:" + postgres[len("postgres:"):], want: "postgresql:" + postgres[len("postgres:"):]},
		{name: "several without", hosts: two, fault: several},
		{name: "several with SQLite", hosts: two, text: "sqlite:/srv/ledger.db", fault: several},
		{name: "empty", hosts: one, text: "\n", fault: "ledger.dsn_file: " + file + " is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("EVENKEEL_LEDGER_DSN", c.variable)
			config := &Config{Hosts: c.hosts}
			if c.text != "" {
				require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
				config.Ledger.DSNFile = file
			}
			got, err := config.LedgerDSN()
			if c.fault != "" {
				require.EqualError(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := (&Config{Ledger: Ledger{DSNFile: file + "-gone"}}).LedgerDSN()
	require.ErrorIs(t, err, os.ErrNotExist)

	got, err := parse("f", "/etc/evenkeel/f", []byte(least+"ledger: {dsn_file: ledger-dsn}\n"))
	require.NoError(t, err)
	require.Equal(t, "/etc/evenkeel/ledger-dsn", got.Ledger.DSNFile)
	_, err = parse("f", "/f", []byte(least+"ledger: {dsn: x}\n"))
	require.EqualError(t, err, `f:4:10: ledger.dsn: unknown key "dsn"; valid keys are dsn_file`)
}
