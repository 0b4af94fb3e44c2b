//go:build e2e

package handshake

import (
	"context"
	"database/sql"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/ledger/ledgertest"
)

func freePort(t *testing.T) (address, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	address = listener.Addr().String()
	_, port, err = net.SplitHostPort(address)
	require.NoError(t, err)
	return address, port
}

func TestRealPostgreSQL(t *testing.T) {
	address, port := freePort(t)
	server := ledgertest.StartOn(t, port, "max_connections=2", "superuser_reserved_connections=0", "max_wal_senders=0")
	require.NoError(t, Dialer{}.Dial(t.Context(), "postgres", address))

	db, err := sql.Open("pgx", server.DSN("postgres"))
	require.NoError(t, err)
	defer db.Close()
	var taken []*sql.Conn
	for range 2 {
		connection, err := db.Conn(t.Context())
		require.NoError(t, err)
		taken = append(taken, connection)
	}
	requireFaulty(t, "postgres", address, "too many clients already (53300)")
	require.NoError(t, Dialer{}.Dial(t.Context(), "tcp", address), "which tcp alone cannot see")
	for _, connection := range taken {
		require.NoError(t, connection.Close())
	}
	require.NoError(t, db.Close())
	require.Eventually(t, func() bool { return Dialer{}.Dial(t.Context(), "postgres", address) == nil }, 10*time.Second, 20*time.Millisecond)

	server.Signal(syscall.SIGSTOP)
	requireFaulty(t, "postgres", address, "takes connections and does not answer")
	server.Signal(syscall.SIGCONT)
	require.NoError(t, Dialer{}.Dial(t.Context(), "postgres", address))
	server.Stop()
	requireFaulty(t, "postgres", address, "refused")
}

func TestRealRedis(t *testing.T) {
	address, port := freePort(t)
	server := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--requirepass", "geheim", "--maxclients", "1",
		"--dir", t.TempDir())
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	well := func() bool { return Dialer{}.Dial(t.Context(), "redis", address) == nil }
	require.Eventually(t, well, 20*time.Second, 20*time.Millisecond, "a password is asked for, and that is an answer")

	taken, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer taken.Close()
	requireFaulty(t, "redis", address, "max number of clients reached")
	require.NoError(t, taken.Close())
	require.Eventually(t, well, 20*time.Second, 20*time.Millisecond)

	require.NoError(t, server.Process.Signal(syscall.SIGSTOP))
	requireFaulty(t, "redis", address, "takes connections and does not answer")
	require.NoError(t, server.Process.Signal(syscall.SIGCONT))
	require.Eventually(t, well, 20*time.Second, 20*time.Millisecond)
}

func requireFaulty(t *testing.T, protocol, address, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := Dialer{}.Dial(ctx, protocol, address)
	requireClass(t, activities.Unavailable, err)
	require.ErrorContains(t, err, want)
}
