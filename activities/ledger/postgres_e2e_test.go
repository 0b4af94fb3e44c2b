//go:build e2e

package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/ledger/ledgertest"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

func postgresSite(t *testing.T, server *ledgertest.Server) *site {
	s := &site{t: t, Options: Options{DSN: server.Database(), StateDir: filepath.Join(t.TempDir(), "state")}}
	s.connect("pgx", s.DSN)
	s.unguard = []string{"ALTER TABLE ledger_entry DISABLE TRIGGER ALL", "ALTER TABLE ledger_head DISABLE TRIGGER ALL"}
	s.guard = []string{"ALTER TABLE ledger_entry ENABLE TRIGGER ALL", "ALTER TABLE ledger_head ENABLE TRIGGER ALL"}
	return s
}

// One server is enough for all: making one takes longer than the tests.
func TestPostgres(t *testing.T) {
	server := ledgertest.Start(t)
	runSuite(t, func(t *testing.T) *site { return postgresSite(t, server) })
	t.Run("fleet", func(t *testing.T) { testFleet(t, server) })
	t.Run("foreign", func(t *testing.T) { testForeign(t, server) })
	t.Run("roles", func(t *testing.T) { testRoles(t, server) })
	t.Run("faults", func(t *testing.T) { testFaults(t, server) })
	t.Run("comes back", func(t *testing.T) { testComesBack(t, server) })
}

// Two hosts append to one ledger, each with an anchor of its own.
func testFleet(t *testing.T, server *ledgertest.Server) {
	a := postgresSite(t, server)
	b := &site{t: t, Options: Options{DSN: a.DSN, StateDir: t.TempDir()}, db: a.db}
	onA, onB := a.open(), b.open()
	entries := a.fill(onA, 3)
	require.Equal(t, entries[2].Head(), a.anchored())
	require.Equal(t, ledger.Beginning(), b.anchored(), "the other host has seen nothing yet")
	fourth, err := onB.Append(t.Context(), note("b1"))
	require.NoError(t, err)
	require.Equal(t, fourth.Head(), b.anchored(), "an append goes along what others have appended")
	require.Equal(t, entries[2].Head(), a.anchored())
	a.clean(onA, 4)
	b.clean(onB, 4)

	// What is taken away is missed by the host that has seen it.
	a.tamper("DELETE FROM ledger_entry WHERE seq = 4", "UPDATE ledger_head SET seq = 3, hash = '"+entries[2].Hash+"'")
	a.clean(onA, 3)
	report, err := onB.Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, "the newest entries are gone: the ledger ends at 3, the anchor of this host says 4", report.Faults[0].Text)
	_, err = onB.Append(t.Context(), note("b2"))
	require.Equal(t, activities.PreconditionFailed, class(err))
}

// Whatever somebody does to what guards the tables, verifying names it.
func testForeign(t *testing.T, server *ledgertest.Server) {
	for name, c := range map[string]struct {
		statements []string
		want       []string
	}{
		"nothing":                   {nil, nil},
		"a table and an index more": {[]string{"CREATE TABLE other (x INT)", "CREATE INDEX quick ON ledger_entry (actor)"}, nil},
		"a trigger is gone": {
			[]string{"DROP TRIGGER ledger_entry_change ON ledger_entry"},
			[]string{`the trigger "ledger_entry_change" is missing, which the ledger made; find out who dropped it`},
		},
		"triggers are disabled": {
			[]string{"ALTER TABLE ledger_entry DISABLE TRIGGER ALL", "ALTER TABLE ledger_head ENABLE REPLICA TRIGGER ledger_head_forward"},
			[]string{`the trigger "ledger_entry_change" is not as the ledger made it`, `the trigger "ledger_head_forward" is not as the ledger made it`},
		},
		"a function lets through": {
			[]string{"CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"},
			[]string{`the function "ledger_refuse" is not as the ledger made it`},
		},
		"an index is gone": {
			[]string{"DROP INDEX ledger_entry_kind"},
			[]string{`the index "ledger_entry_kind" is missing, which the ledger made; find out who dropped it`},
		},
		"a trigger, a rule and a policy": {
			[]string{
				"CREATE TRIGGER forget AFTER INSERT ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
				"CREATE RULE keep AS ON UPDATE TO ledger_head DO ALSO NOTHING", "CREATE POLICY hide ON ledger_entry USING (seq <> 3)",
			},
			[]string{
				`the policy "hide" is not the ledger's; look at what it does, and drop it`, `the rule "keep" is not the ledger's; look at what it does, and drop it`,
				`the trigger "forget" is not the ledger's; look at what it does, and drop it`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := postgresSite(t, server)
			store := s.open()
			s.fill(store, 5)
			s.exec(c.statements...)
			report, err := store.Verify(t.Context())
			require.NoError(t, err)
			var got []string
			for _, fault := range report.Faults {
				require.Equal(t, ledger.Schema, fault.Sort)
				got = append(got, fault.Text)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A role that may read, insert and move the head is enough where the tables are there.
func testRoles(t *testing.T, server *ledgertest.Server) {
	server.Exec("postgres", "CREATE DATABASE ops", "CREATE ROLE appender LOGIN PASSWORD 'a'", "CREATE ROLE reader LOGIN PASSWORD 'r'")
	appender := Options{DSN: server.As("appender", "a", "ops"), StateDir: t.TempDir()}
	_, err := Open(t.Context(), appender)
	require.Equal(t, activities.PermissionDenied, class(err))
	require.ErrorContains(t, err, "permission denied for schema public")

	server.Exec("ops", postgresSchema)
	_, err = Open(t.Context(), appender)
	require.Equal(t, activities.PermissionDenied, class(err))
	server.Exec("ops", grants(t)...)
	store, err := Open(t.Context(), appender)
	require.NoError(t, err)
	defer store.Close()
	_, err = store.Append(t.Context(), note("k"))
	require.NoError(t, err)
	_, err = store.writes.Exec("DELETE FROM ledger_entry")
	require.ErrorContains(t, err, "permission denied")

	reading, err := Open(t.Context(), Options{DSN: server.As("reader", "r", "ops"), StateDir: t.TempDir(), ReadOnly: true})
	require.NoError(t, err)
	defer reading.Close()
	report, err := reading.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean)
	require.Equal(t, int64(1), report.Entries)
}

// grants are those of the documentation.
func grants(t *testing.T) []string {
	text, err := os.ReadFile("../../docs/ledger.md")
	require.NoError(t, err)
	var found []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "GRANT ") {
			found = append(found, line)
		}
	}
	require.NotEmpty(t, found)
	return found
}

// Whatever is wrong, one line says it and no password is in it.
func testFaults(t *testing.T, server *ledgertest.Server) {
	server.Exec("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
	for name, c := range map[string]struct{ dsn, class, text string }{
		"wrong password":    {server.As("evenkeel", "falsch", "postgres"), activities.PermissionDenied, "password authentication failed"},
		"no such database":  {server.DSN("gone"), activities.NotFound, `database "gone" does not exist`},
		"nobody listens":    {"postgres://evenkeel:falsch@127.0.0.1:1/x", activities.Unavailable, "connect: connection refused"},
		"no UTF-8":          {server.DSN("latin"), activities.PreconditionFailed, "has the encoding LATIN1; make one with ENCODING 'UTF8'"},
		"not a DSN":         {"postgres://evenkeel:fal%sch@[/x", activities.InvalidInput, "the DSN of the ledger cannot be read"},
		"a wrong option":    {"postgres://evenkeel:falsch@h/x?sslmode=falsch", activities.InvalidInput, "the DSN of the ledger cannot be read"},
		"another database":  {"mysql://evenkeel:falsch@h/x", activities.InvalidInput, "the DSN of the ledger cannot be read"},
		"a file of the DSN": {"postgres://evenkeel:falsch@h/x?sslmode=verify-full&sslrootcert=/nowhere", activities.InvalidInput, "/nowhere: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Options{DSN: c.dsn, StateDir: t.TempDir()})
			require.Error(t, err)
			require.Equal(t, c.class, class(err))
			require.ErrorContains(t, err, c.text)
			for _, never := range []string{"falsch", ledgertest.Password, "geheim", "\n"} {
				require.NotContains(t, err.Error(), never)
			}
		})
	}
}

// A server that goes away is waited for, and the same append goes on when it is back.
func testComesBack(t *testing.T, server *ledgertest.Server) {
	s := postgresSite(t, server)
	store := s.open()
	s.fill(store, 3)
	server.Stop()
	_, err := store.Append(t.Context(), note("k4"))
	require.Equal(t, activities.Unavailable, class(err))
	require.NotContains(t, err.Error(), "geheim")
	_, err = store.Read(t.Context(), ledger.Filter{})
	require.Equal(t, activities.Unavailable, class(err))
	_, err = store.Verify(t.Context())
	require.Equal(t, activities.Unavailable, class(err))
	server.Resume()
	deadline := time.Now().Add(time.Minute)
	for {
		if _, err = store.Append(t.Context(), note("k4")); err == nil || time.Now().After(deadline) {
			break
		}
		require.Equal(t, activities.Unavailable, class(err))
		time.Sleep(10 * time.Millisecond)
	}
	require.NoError(t, err)
	s.clean(store, 4)
}
