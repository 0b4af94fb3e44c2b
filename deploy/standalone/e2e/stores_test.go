//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

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
		for dir := s.Dir; dir != os.TempDir(); dir = filepath.Dir(dir) { // the way there
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

// storesFail makes each store hang, which takes connections and answers nothing, and mends it by its runbook.
func (s *runbookSite) storesFail() {
	s.startStores()
	for service, name := range map[string]string{"postgres": "database_connection_failure", "redis": "cache_service_failure"} {
		s.container = s.containerOf(service)
		s.eventually(service+" to be well", func(context.Context) bool { return s.notNeeded(name, "service="+service) })
		s.docker("kill", "--signal", "STOP", s.container)
		began := time.Now()
		_, err := s.Starter(s.ctx, "runbook", "run", name, "-p", "service="+service, "--no-wait")
		require.NoError(s.t, err)
		s.run = "runbook/" + name + "/" + service
		id := s.request(runbook.AskApproval).ID
		require.Equal(s.t, service == "redis", s.adminGet("/admin/cache/stats")["bypass"], "the product works without its cache meanwhile")
		require.Contains(s.t, s.docker("top", s.container, "-eo", "pid,stat"), "T", "nothing is restarted before somebody approves")
		_, err = s.Starter(s.ctx, "gate", "approve", id)
		require.NoError(s.t, err)
		result := s.end()
		require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s: %s", service, result.Reason)
		require.Contains(s.t, result.Steps[0].Outputs["reason"], "does not answer", "the run knows why it acted")
		require.Equal(s.t, 1, s.starts(began), service)
		require.Equal(s.t, false, s.adminGet("/admin/cache/stats")["bypass"])
		require.True(s.t, s.notNeeded(name, "service="+service), "%s is well again", service)
	}
	s.requireLedgerWhole()
}
