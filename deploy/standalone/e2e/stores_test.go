//go:build e2e

package e2e

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/handshake"
	"github.com/evenkeel/evenkeel/activities/ledger/ledgertest"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// startStores puts a real PostgreSQL and a real Redis beside the product. They go with the test.
func (s *runbookSite) startStores() {
	s.t.Helper()
	postgres := ledgertest.Make(s.t)
	env := s.Env
	defer func() { s.Env = env }()
	s.Env = append(slices.Clone(env), "STORES_POSTGRES="+postgres.Program(), "STORES_POSTGRES_USER="+postgres.User(), "STORES_POSTGRES_DATA="+postgres.Data())
	_, err := s.Compose(s.ctx, "-f", filepath.Join(s.Root, "deploy/standalone/e2e/testdata/stores.yaml"), "up", "-d", "--no-recreate", "postgres", "redis")
	require.NoError(s.t, err)
	for _, service := range []string{"postgres", "redis"} {
		container := s.containerOf(service)
		s.t.Cleanup(func() { _, _ = s.Docker(s.ctx, "rm", "-f", container) }) // what is left goes with the site
	}
}

// store is the site with the eyes on one store and on the run of its runbook.
func (s *runbookSite) store(protocol, service, port string) *runbookSite {
	s.t.Helper()
	container := s.containerOf(service)
	address := net.JoinHostPort(strings.TrimSpace(s.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)), port)
	s.eventually(service, func(ctx context.Context) bool { return handshake.Dialer{}.Dial(ctx, protocol, address) == nil })
	return &runbookSite{site: s.site, container: container, startsFile: s.startsFile}
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
		store.run = "runbook/demo/" + stack.Project + "/" + run
	}
	for _, store := range stores {
		id := store.request(request.Approval).ID
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
