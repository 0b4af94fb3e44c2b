//go:build e2e

// Package ledgertest gives tests a real PostgreSQL server of their own and takes it away again.
package ledgertest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
)

// Password is that of the server's superuser. A test may look for it where it must not be.
const Password = "geheim/&:@ 42"

// owner is the name of the superuser.
const owner = "evenkeel"

// Server is a PostgreSQL server that listens on a socket in a folder of its own.
type Server struct {
	t        testing.TB
	bin      string
	dir      string
	port     string // part of the socket's name
	settings []string
	child    *exec.Cmd
}

// Start makes and starts a server that listens on no port. It stops when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t, "5432", "listen_addresses=")
}

// StartOn makes and starts a server that listens on a port of loopback too. Settings are those of
// postgresql.conf, "max_connections=3".
func StartOn(t testing.TB, port string, settings ...string) *Server {
	t.Helper()
	return start(t, port, append(settings, "listen_addresses=127.0.0.1", "port="+port)...)
}

func start(t testing.TB, port string, settings ...string) *Server {
	t.Helper()
	s := Make(t)
	s.port, s.settings = port, settings
	s.Resume()
	t.Cleanup(s.Stop)
	return s
}

// Make makes the files of a server and starts nothing: a container may, with Program, Data and User. They go
// when the test ends.
func Make(t testing.TB) *Server {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	require.NoError(t, err)
	require.NotEmpty(t, found, "there is no PostgreSQL; make deps-test installs it")
	// Short, as the name of a socket must be.
	dir, err := os.MkdirTemp("", "evenkeel-pg-") //nolint:usetesting // only this user may enter the other one
	require.NoError(t, err)
	s := &Server{t: t, bin: filepath.Dir(found[len(found)-1]), dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	secret := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(secret, []byte(Password+"\n"), 0o600))
	if id := s.identity(); id != nil {
		require.NoError(t, os.Chown(dir, int(id.Uid), int(id.Gid)))
		require.NoError(t, os.Chown(secret, int(id.Uid), int(id.Gid)))
	}
	out, err := s.command("initdb", "-D", s.Data(), "-U", owner, "--pwfile", secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	return s
}

// Program is the path of the server's program.
func (s *Server) Program() string { return filepath.Join(s.bin, "postgres") }

// Data is the folder of the server's files.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

// User is whom they belong to and who runs the program, as UID:GID.
func (s *Server) User() string {
	if id := s.identity(); id != nil {
		return fmt.Sprintf("%d:%d", id.Uid, id.Gid)
	}
	return fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
}

// identity is whom the server runs as: it refuses to run as root.
func (s *Server) identity() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	require.NoError(s.t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(s.t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(s.t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	// It dies with the test, however that ends.
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.identity(), Pdeathsig: syscall.SIGQUIT}
	return c
}

// Resume starts the server, again after Stop, and waits until it answers.
func (s *Server) Resume() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(s.t, err)
	defer log.Close()
	// Without fsync the tests are faster; nobody pulls the plug here.
	args := []string{"-D", s.Data(), "-k", s.dir, "-c", "fsync=off"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.child = s.command("postgres", args...)
	s.child.Stdout, s.child.Stderr = log, log
	require.NoError(s.t, s.child.Start())
	db := s.open("postgres")
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(time.Minute); ; {
		if err = db.Ping(); err == nil {
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log.Name())
			require.NoError(s.t, err, string(said))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop ends the server and all its connections at once. What was committed is kept.
func (s *Server) Stop() {
	if s.child == nil {
		return
	}
	_ = s.child.Process.Signal(syscall.SIGINT)
	_ = s.child.Wait()
	s.child = nil
}

// Signal sends the server one: SIGSTOP makes it hang until SIGCONT.
func (s *Server) Signal(signal syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.child.Process.Signal(signal))
}

// DSN names a database of the server as its superuser, with the password.
func (s *Server) DSN(database string) string { return s.As(owner, Password, database) }

// As names a database as somebody else.
func (s *Server) As(name, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(name, password), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "port": {s.port}}.Encode()
	return u.String()
}

// Database makes a new database and returns its DSN.
func (s *Server) Database() string {
	s.t.Helper()
	name := fmt.Sprintf("test_%d", time.Now().UnixNano())
	s.Exec("postgres", "CREATE DATABASE "+name)
	return s.DSN(name)
}

// Exec runs statements in a database as its superuser.
func (s *Server) Exec(database string, statements ...string) {
	s.t.Helper()
	db := s.open(database)
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		_, err := db.ExecContext(context.Background(), statement)
		require.NoError(s.t, err, statement)
	}
}

func (s *Server) open(database string) *sql.DB {
	db, err := sql.Open("pgx", s.DSN(database))
	require.NoError(s.t, err)
	return db
}
