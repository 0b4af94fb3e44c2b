package server

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
)

func TestASecondInstanceIsRefused(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	_, err := Start(t.Context(), options(t, dir))
	require.EqualError(t, err, fmt.Sprintf("another evenkeel (pid %d) uses %s; stop it or set EVENKEEL_STATE", os.Getpid(), dir))
}

func TestAPortInUseIsRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().(*net.TCPAddr).Port
	for flag, set := range map[string]func(*Options){
		"--port":    func(o *Options) { o.Port = port },
		"--ui-port": func(o *Options) { o.UIPort = port },
		"--http":    func(o *Options) { o.Needed = []Address{{IP: loopback, Port: port, Flag: "--http"}} },
	} {
		t.Run(flag, func(t *testing.T) {
			o := options(t, t.TempDir())
			set(&o)
			_, err := Start(t.Context(), o)
			require.EqualError(t, err, fmt.Sprintf("port 127.0.0.1:%d is in use; stop what listens there or choose another with %s", port, flag))
			left, err := os.ReadDir(o.StateDir)
			require.NoError(t, err)
			require.Len(t, left, 1, "more than the lock was made")
			again, err := acquire(o.StateDir)
			require.NoError(t, err, "the lock was kept")
			again.release()
		})
	}
}

func TestOnePortForTwoIsRefused(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	o := options(t, t.TempDir())
	o.Port = free.Addr().(*net.TCPAddr).Port
	o.UIPort = o.Port
	_, err = Start(t.Context(), o)
	require.ErrorContains(t, err, "is in use; stop what listens there or choose another with --ui-port")
}

func TestAnAddressOfAnotherHostIsRefused(t *testing.T) {
	o := options(t, t.TempDir())
	o.IP = "192.0.2.1"
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "port 192.0.2.1:0 cannot be listened on")
	require.ErrorContains(t, err, "choose another with --port or --ip")
}

func TestAnotherSchemaIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ change, want string }{
		"a column is missing": {"ALTER TABLE executions DROP COLUMN last_write_version", "older Temporal server (it lacks column executions.last_write_version BIGINT)"},
		"a table is missing":  {"DROP TABLE current_chasm_executions", "older Temporal server (it lacks column current_chasm_executions."},
		"an index is missing": {"DROP INDEX by_keyword_01", "older Temporal server (it lacks index by_keyword_01)"},
		"a table is new":      {"CREATE TABLE tomorrow(id INT)", "newer Temporal server (it has column tomorrow.id INT)"},
		"an index is new": {
			"CREATE INDEX by_tomorrow ON executions_visibility(run_id)", "newer Temporal server (it has index by_tomorrow)",
		},
		"a trigger is new": {
			"CREATE TRIGGER tomorrow AFTER DELETE ON queue BEGIN SELECT 1; END", "newer Temporal server (it has trigger tomorrow)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "temporal.db")
			_, err := openDatabase(path, client.DefaultNamespace)
			require.NoError(t, err)
			change(t, path, c.change)
			_, err = openDatabase(path, client.DefaultNamespace)
			require.ErrorContains(t, err, path+" was written by a"+map[bool]string{true: "n ", false: " "}[strings.HasPrefix(c.want, "older")]+c.want)
			require.ErrorContains(t, err, "move the file away")
		})
	}
}

func change(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	_, err = db.Exec(statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestAPathWithSpecialCharacters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	require.NoError(t, os.Mkdir(dir, 0o700))
	_, err := openDatabase(filepath.Join(dir, "temporal.db"), client.DefaultNamespace)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(dir, "temporal.db"))
	require.NoError(t, err)
	require.NotZero(t, info.Size())
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAttributesAreAddedToANamespaceWithoutThem(t *testing.T) {
	ctx := deadline(t)
	s, c := start(t, t.TempDir())
	_, err := c.OperatorService().RemoveSearchAttributes(ctx, &operatorservice.RemoveSearchAttributesRequest{
		Namespace: client.DefaultNamespace, SearchAttributes: []string{"EvenkeelHost", "EvenkeelState"},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		missing, err := missingSearchAttributes(ctx, c, client.DefaultNamespace)
		require.NoError(t, err)
		return len(missing) == 2
	}, waitFor, tick)
	require.NoError(t, s.ready(ctx, options(t, t.TempDir())))
	missing, err := missingSearchAttributes(ctx, c, client.DefaultNamespace)
	require.NoError(t, err)
	require.Empty(t, missing)
}
