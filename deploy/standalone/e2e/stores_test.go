//go:build e2e

package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/greet"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// startStores puts a real PostgreSQL and a real Redis beside the product. They go with it.
func (s *runbookSite) startStores() {
	s.t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(s.t, err)
	require.NotEmpty(s.t, found, "there is no PostgreSQL; make deps-test installs it")
	bin, data := found[len(found)-1], filepath.Join(s.Dir, "postgres")
	owner, err := user.Current()
	require.NoError(s.t, err)
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "--auth=trust", "--locale=C", "--no-sync")
	require.NoError(s.t, os.Mkdir(data, 0o700))
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		owner, err = user.Lookup("postgres")
		require.NoError(s.t, err)
		uid, err := strconv.Atoi(owner.Uid)
		require.NoError(s.t, err)
		gid, err := strconv.Atoi(owner.Gid)
		require.NoError(s.t, err)
		require.NoError(s.t, os.Chown(data, uid, gid))
		for dir := s.Dir; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) { // the way there
			require.NoError(s.t, os.Chmod(dir, 0o755))
		}
		initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	out, err := initdb.CombinedOutput()
	require.NoError(s.t, err, "%s", out)
	env := s.Env
	defer func() { s.Env = env }()
	s.Env = append(append([]string{}, env...), "STORES_POSTGRES="+filepath.Join(bin, "postgres"), "STORES_POSTGRES_USER="+owner.Uid+":"+owner.Gid)
	_, err = s.Compose(s.ctx, "-f", filepath.Join(s.Root, "deploy/standalone/e2e/testdata/stores.yaml"), "up", "-d", "--no-recreate", "postgres", "redis")
	require.NoError(s.t, err)
}

// store is the site with the eyes on one store and on the run of its runbook.
func (s *runbookSite) store(protocol, service, port string) *runbookSite {
	s.t.Helper()
	container := s.containerOf(service)
	address := net.JoinHostPort(strings.TrimSpace(s.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)), port)
	s.eventually(service, func(ctx context.Context) bool { return greet.Greeter{}.Dial(ctx, protocol, address) == nil })
	return &runbookSite{site: s.site, container: container}
}

// storesFail makes both stores hang, which then take connections and answer nothing, and mends each by its
// runbook, both at a time.
func (s *runbookSite) storesFail() {
	s.startStores()
	stores := map[string]*runbookSite{
		"database_connection_failure/postgres": s.store("postgres", "postgres", "5432"),
		"cache_service_failure/redis":          s.store("redis", "redis", "6379"),
	}
	s.eventually("measurements of the pool", func(context.Context) bool {
		return s.notNeeded("database_connection_failure") // it is well
	})
	began := time.Now()
	for run, store := range stores {
		s.docker("kill", "--signal", "STOP", store.container)
		name, service, _ := strings.Cut(run, "/")
		out, err := s.Starter(s.ctx, "runbook", "run", name, "-p", "service="+service, "--no-wait")
		require.NoError(s.t, err, "%s", out)
		store.run = "runbook/" + run
	}
	for _, store := range stores {
		id := store.request(runbook.AskApproval).ID
		require.Contains(s.t, s.docker("top", store.container, "-eo", "pid,stat"), "T", "nothing is restarted before somebody approves")
		if strings.Contains(id, "redis") {
			require.Equal(s.t, true, s.adminGet("/admin/cache/stats")["bypass"], "the product works without its cache meanwhile")
		}
		_, err := s.Starter(s.ctx, "gate", "approve", id)
		require.NoError(s.t, err)
	}
	for run, store := range stores {
		result := store.end()
		require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s: %s", run, result.Reason)
		require.Contains(s.t, result.Steps[0].Outputs["reason"], "does not answer", "the run knows why it acted")
		require.Equal(s.t, 1, store.starts(began), run)
	}
	require.Equal(s.t, false, s.adminGet("/admin/cache/stats")["bypass"])
	s.requireLedgerWhole()
}
