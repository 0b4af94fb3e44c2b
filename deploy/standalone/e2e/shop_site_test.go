//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// shop is a Compose project as a stranger writes it, in a folder of its own, with evenkeel beside it as the
// README says: init, evenkeel, scale.
type shop struct {
	*stack.Stack
	t        *testing.T
	ctx      context.Context
	dir      string
	project  string
	port     string
	evenkeel *stack.Program
	client   client.Client
}

// shopImages are names of other images that the product goes under.
var shopImages = []string{"postgres:evenkeel-test", "traefik:evenkeel-test", "evenkeel-shop/app:test"}

// newShop writes the project of testdata/shop into a folder and starts nothing.
func newShop(t *testing.T) *shop {
	t.Helper()
	root := os.Getenv("EVENKEEL_ROOT")
	require.NotEmpty(t, root, "run it with make e2e")
	base, err := stack.New(root, t.TempDir(), t.Logf)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := &shop{Stack: base, t: t, ctx: ctx, dir: t.TempDir(), project: "evenkeel-shop"}
	_, s.port, err = net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	for _, file := range []string{"compose.yaml", "compose.override.yaml", "nginx.conf"} {
		text, err := os.ReadFile(filepath.Join("testdata/shop", file))
		require.NoError(t, err)
		s.write(file, string(text))
	}
	s.write(".env", "COMPOSE_PROJECT_NAME="+s.project+"\nSHOP_PORT="+s.port+"\nSHOP_TOKEN=token-of-the-shop\n")
	for _, folder := range []string{"upstreams", "faults"} {
		require.NoError(t, os.Mkdir(filepath.Join(s.dir, folder), 0o755))
	}
	s.write("faults/crashing.json", `{"kind":"crash","ms":2000}`)
	s.write("faults/ill.json", "")
	s.Env = append(s.Env, "EVENKEEL_CONFIG="+filepath.Join(s.dir, "evenkeel.yaml"))
	s.Env = slices.DeleteFunc(s.Env, func(v string) bool { return strings.HasPrefix(v, "EVENKEEL_DEMO_") })
	t.Cleanup(s.end)
	return s
}

func (s *shop) write(file, text string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o644))
}

// in runs a program in the project's folder, with more variables than the worker has.
func (s *shop) in(env []string, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(s.ctx, name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(append(os.Environ(), s.Env...), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// person runs `docker compose` as a person in that folder would.
func (s *shop) person(args ...string) string {
	s.t.Helper()
	out, err := s.in([]string{"DBPASS=only-in-a-shell"}, "docker", append([]string{"compose"}, args...)...)
	require.NoError(s.t, err, "%s", out)
	return out
}

// starter runs `starter` in the project's folder, and expects its exit code.
func (s *shop) starter(code int, args ...string) string {
	s.t.Helper()
	out, err := s.in(nil, s.Bin("starter"), args...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // it is the command's own
		got = exit.ExitCode()
	} else {
		require.NoError(s.t, err)
	}
	require.Equal(s.t, code, got, "starter %s\n%s", strings.Join(args, " "), out)
	return out
}

// up makes the images and starts the services that a test is about, and the router with them.
func (s *shop) up(services ...string) {
	s.t.Helper()
	out, err := s.in(nil, filepath.Join(s.Root, "deploy/demo/images/build.sh"), s.Bin("product"))
	require.NoError(s.t, err, "%s", out)
	for _, image := range shopImages {
		_, err := s.Docker(s.ctx, "tag", "evenkeel-demo/product:local", image)
		require.NoError(s.t, err)
	}
	s.person(append([]string{"up", "-d"}, services...)...)
}

// begin starts evenkeel as the README says.
func (s *shop) begin() {
	s.t.Helper()
	address, temporal := freeAddress(s.t), freeAddress(s.t)
	_, port, err := net.SplitHostPort(temporal)
	require.NoError(s.t, err)
	s.Env = append(s.Env, "TEMPORAL_ADDRESS="+temporal)
	s.evenkeel, err = s.Start(s.ctx, "http://"+address+"/readyz", "evenkeel", "--port", port, "--ui-port", "0", "--http", address)
	require.NoError(s.t, err)
	s.client, err = client.Dial(client.Options{HostPort: temporal, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(s.t, err)
	s.t.Cleanup(s.client.Close)
}

// end stops everything that the test started, by id, and takes its images away.
func (s *shop) end() {
	ctx := context.Background()
	if s.evenkeel != nil {
		if err := s.evenkeel.Stop(time.Minute); err != nil {
			s.t.Log(err)
		}
	}
	s.removeAll()
	for _, image := range shopImages {
		_, _ = s.Docker(ctx, "rmi", image) // it may not have been made
	}
}

// removeAll takes away the containers, networks and volumes of the project, each by its id.
func (s *shop) removeAll() {
	ctx := context.Background()
	for _, kind := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		out, err := s.Docker(ctx, append(kind, "--filter", "label=com.docker.compose.project="+s.project)...)
		if ids := strings.Fields(out); err == nil && len(ids) > 0 {
			remove := map[string][]string{"ps": {"rm", "-f", "-v"}, "network": {"network", "rm"}, "volume": {"volume", "rm"}}[kind[0]]
			_, err = s.Docker(ctx, append(remove, ids...)...)
		}
		if err != nil {
			s.t.Error(err)
		}
	}
}

// sub runs a part of a test on the same shop.
func (s *shop) sub(name string, part func()) {
	whole := s.t
	whole.Run(name, func(t *testing.T) {
		s.t = t
		defer func() { s.t = whole }()
		part()
	})
}

// requests sends 100 requests/s through the router until the test stops it.
func (s *shop) requests() *load.Run {
	run := load.Start(s.ctx, load.Options{
		URL: "http://127.0.0.1:" + s.port + "/generate?mode=fast", Rate: 100, Concurrency: 1024, Timeout: time.Minute,
	})
	s.t.Cleanup(func() { run.Stop() })
	time.Sleep(time.Second)
	return run
}

func (s *shop) requireNoneFailed(run *load.Run) {
	s.t.Helper()
	time.Sleep(time.Second)
	report := run.Stop()
	s.t.Logf("load: %s", report)
	require.Positive(s.t, report.Requests)
	require.Zero(s.t, report.Failed, "%v", report.ByReason)
}

// containers are the names of a service's containers with what the engine says of them, sorted.
func (s *shop) containers(service, format string) []string {
	s.t.Helper()
	out, err := s.Docker(s.ctx, "ps", "-a", "--no-trunc", "--filter", "label=com.docker.compose.project="+s.project,
		"--filter", "label=com.docker.compose.service="+service, "--format", "{{.Names}} "+format)
	require.NoError(s.t, err)
	lines := strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
	slices.Sort(lines)
	return lines
}

// requireRunning says that exactly n containers of a service exist, and all of them run.
func (s *shop) requireRunning(service string, n int) {
	s.t.Helper()
	lines := s.containers(service, "{{.State}}")
	require.Len(s.t, lines, n, "%v", lines)
	for _, line := range lines {
		require.True(s.t, strings.HasSuffix(line, " running"), "%v", lines)
	}
}

// file reads a file out of a container.
func (s *shop) file(container, path string) string {
	s.t.Helper()
	target := filepath.Join(s.t.TempDir(), "file")
	_, err := s.Docker(s.ctx, "cp", "-L", container+":"+path, target)
	require.NoError(s.t, err)
	f, err := os.Open(target)
	require.NoError(s.t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(s.t, err)
	text, err := io.ReadAll(f)
	require.NoError(s.t, err)
	return fmt.Sprintf("%s %s", info.Mode(), text)
}

// hooksRun counts the hooks that were run in a service's containers since then. The engine's own health checks are
// commands in the container, too.
func (s *shop) hooksRun(service string, since time.Time) int {
	s.t.Helper()
	out, err := s.Docker(s.ctx, "events", "--since", fmt.Sprint(since.Unix()), "--until", fmt.Sprint(time.Now().Unix()+1),
		"--filter", "label=com.docker.compose.service="+service, "--filter", "event=exec_start", "--format", "{{.Action}}")
	require.NoError(s.t, err)
	return strings.Count(out, "exec_start: /product health hook")
}

// members are the addresses in nginx's managed file.
func (s *shop) members(upstream string) []string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "upstreams", upstream+".conf"))
	require.NoError(s.t, err)
	var members []string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "server" {
			members = append(members, strings.TrimSuffix(fields[1], ";"))
		}
	}
	return members
}
