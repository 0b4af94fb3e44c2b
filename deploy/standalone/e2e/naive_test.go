//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// naive scales with `docker compose` and writes nginx's upstream itself, right after.
func (s *site) naive(n int) {
	s.t.Helper()
	_, err := s.Compose(s.ctx, "up", "-d", "--no-recreate", "--no-deps", "--scale", "app="+strconv.Itoa(n), "app")
	require.NoError(s.t, err)
	out, err := s.Docker(s.ctx, "ps", "-q", "--filter", "label=com.docker.compose.project="+stack.Project, "--filter", "label=com.docker.compose.service=app")
	require.NoError(s.t, err)
	var b strings.Builder
	b.WriteString("upstream app {\n")
	for id := range strings.FieldsSeq(out) {
		address, err := s.Docker(s.ctx, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id)
		require.NoError(s.t, err)
		fmt.Fprintf(&b, "  server %s:80;\n", strings.TrimSpace(address))
	}
	b.WriteString("}\n")
	require.NoError(s.t, os.WriteFile(filepath.Join(s.Dir, "upstreams", "app.conf"), []byte(b.String()), 0o644))
	_, err = s.Compose(s.ctx, "kill", "-s", "HUP", "nginx")
	require.NoError(s.t, err)
}

// longRequests sends four requests of 15 s each second.
func (s *site) longRequests() *load.Run {
	run := load.Start(s.ctx, load.Options{URL: s.URL() + "/generate?mode=fast&ms=15000", Rate: 4, Timeout: 2 * time.Minute})
	s.t.Cleanup(func() { run.Stop() })
	return run
}

// requireComposeAgrees holds the clones to what Compose itself thinks of them.
func (s *site) requireComposeAgrees(n int) {
	s.t.Helper()
	out, err := s.Compose(s.ctx, "ps", "-q", "app")
	require.NoError(s.t, err)
	require.Len(s.t, strings.Fields(out), n)
	dry := exec.CommandContext(s.ctx, "docker", "compose", "--dry-run", "-p", stack.Project, "-f", filepath.Join(s.Root, "deploy/demo/compose.yaml"),
		"up", "-d", "--no-recreate", "--no-deps", "--scale", "app="+strconv.Itoa(n), "app")
	dry.Env = append(os.Environ(), s.Env...)
	answer, err := dry.CombinedOutput()
	plan := string(answer)
	require.NoError(s.t, err, "%s", plan)
	require.Equal(s.t, n, strings.Count(plan, "Running"), "%s", plan)
	for _, word := range []string{"Creat", "Recreate", "Start", "Remov", "Stop"} {
		require.NotContains(s.t, plan, word)
	}
}
