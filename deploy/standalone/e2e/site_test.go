//go:build e2e

// Package e2e runs the whole system on this machine: a real Temporal server, a real worker process,
// the real Docker engine and the demo product under load, and breaks it.
package e2e

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/deploy/standalone/server"
	"github.com/evenkeel/evenkeel/workflows"
)

// scaleID is the workflow that scales the demo's app.
var scaleID = workflows.ServiceID("demo", stack.Project, "app")

// site is one product on the engine, one Temporal server in this process and one worker beside it.
type site struct {
	*stack.Stack
	t        *testing.T
	ctx      context.Context
	server   *server.Server
	options  server.Options
	client   client.Client
	worker   *stack.Program
	httpAddr string
}

// newSite starts all of it; env changes the product, such as ON_TERM=exit.
func newSite(t *testing.T, env ...string) *site {
	t.Helper()
	return newSiteWith(t, func(*stack.Stack) error { return nil }, env...)
}

// newSiteWith is newSite of a stack that is changed before anything starts.
func newSiteWith(t *testing.T, change func(*stack.Stack) error, env ...string) *site {
	t.Helper()
	root := os.Getenv("EVENKEEL_ROOT")
	require.NotEmpty(t, root, "run it with make e2e")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	product, err := stack.New(root, t.TempDir(), t.Logf, env...)
	require.NoError(t, err)
	require.NoError(t, change(product))
	s := &site{Stack: product, t: t, ctx: ctx, httpAddr: freeAddress(t)}
	t.Cleanup(s.end)
	require.NoError(t, s.Up(ctx))
	_, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	s.options = server.Options{
		StateDir: filepath.Join(s.Dir, "state"), IP: "127.0.0.1", Port: number, Namespace: "default",
		Logger: slog.New(slog.DiscardHandler),
	}
	s.Env = append(s.Env, "TEMPORAL_ADDRESS=127.0.0.1:"+port)
	s.startServer()
	s.startWorker()
	s.client, err = client.Dial(client.Options{HostPort: "127.0.0.1:" + port, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(s.client.Close)
	t.Cleanup(s.replay)
	return s
}

// end stops what runs by then: workers and servers come and go during a test.
func (s *site) end() {
	if s.worker != nil {
		s.worker.Kill()
	}
	if s.server != nil {
		s.server.Stop()
	}
	if err := s.Down(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// sub runs a part of a test on the same site.
func (s *site) sub(name string, part func()) {
	whole := s.t
	whole.Run(name, func(t *testing.T) {
		s.t = t
		defer func() { s.t = whole }()
		part()
	})
}

func (s *site) startServer() {
	s.t.Helper()
	var err error
	s.server, err = server.Start(s.ctx, s.options)
	require.NoError(s.t, err)
}

// restartServer stops the Temporal server and starts it on the same database and port.
func (s *site) restartServer() {
	s.t.Helper()
	s.server.Stop()
	s.startServer()
}

func (s *site) startWorker() {
	s.t.Helper()
	var err error
	s.worker, err = s.Start(s.ctx, "http://"+s.httpAddr+"/readyz", "worker", "--http", s.httpAddr)
	require.NoError(s.t, err)
}

// startPrometheus runs Prometheus beside the product until the test ends.
func (s *site) startPrometheus() {
	s.t.Helper()
	prometheus, err := s.StartPrometheus(s.ctx)
	require.NoError(s.t, err)
	s.t.Cleanup(prometheus.Kill)
}

// killWorker ends the worker as a crash would and starts another.
func (s *site) killWorker() {
	s.t.Helper()
	s.worker.Kill()
	s.startWorker()
}

// load sends 200 requests/s to the app until the test stops it.
func (s *site) load(query string) *load.Run {
	run := load.Start(s.ctx, load.Options{URL: s.URL() + "/generate?" + query, Rate: rate, Concurrency: 4096, Timeout: time.Minute})
	s.t.Cleanup(func() { run.Stop() })
	time.Sleep(time.Second) // some requests before anything happens
	return run
}

const rate = 200

// requireNoneFailed stops the load and holds it to its promise.
func (s *site) requireNoneFailed(runs ...*load.Run) {
	s.t.Helper()
	time.Sleep(time.Second) // and some after everything has happened
	for _, run := range runs {
		report := run.Stop()
		s.t.Logf("load: %s", report)
		require.Positive(s.t, report.Requests)
		require.Zero(s.t, report.Failed, "%v", report.ByReason)
	}
}

// scale runs `starter scale` and expects it to succeed.
func (s *site) scale(args ...string) string {
	s.t.Helper()
	out, err := s.Starter(s.ctx, append([]string{"scale"}, args...)...)
	require.NoError(s.t, err, "%s", out)
	return out
}

// begin starts `starter scale` without waiting for its end.
func (s *site) begin(target string) {
	s.t.Helper()
	s.scale(target, "--no-wait")
}

// outcome waits for the end of the app's scale run.
func (s *site) outcome() (workflows.ServiceResult, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Minute)
	defer cancel()
	var result workflows.ServiceResult
	err := s.client.GetWorkflow(ctx, scaleID, "").Get(ctx, &result)
	require.NoError(s.t, ctx.Err(), "the run did not end")
	return result, err
}

// awaitActivity waits until the run has scheduled an activity of that name after the first n events,
// and returns how many events there are.
func (s *site) awaitActivity(name string, after int64) int64 {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	history := s.client.GetWorkflowHistory(ctx, scaleID, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(s.t, err, "waiting for %s", name)
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		if event.GetEventId() > after && scheduled.GetActivityType().GetName() == name {
			return event.GetEventId()
		}
	}
	require.Fail(s.t, "the run ended without "+name)
	return 0
}

// requireReplicas says that exactly n replicas of the app exist, all of them running, and that
// nginx sends its requests to just these.
func (s *site) requireReplicas(n int) {
	s.t.Helper()
	out, err := s.Docker(s.ctx, "ps", "-a", "--filter", "label=com.docker.compose.project="+stack.Project,
		"--filter", "label=com.docker.compose.service=app", "--format", "{{.Names}} {{.State}}")
	require.NoError(s.t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(s.t, lines, n, "%s", out)
	for _, line := range lines {
		require.True(s.t, strings.HasSuffix(line, " running"), "%s", line)
	}
	require.Len(s.t, s.members(), n)
}

// members are the addresses in nginx's managed file.
func (s *site) members() []string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "upstreams", "app.conf"))
	require.NoError(s.t, err)
	var members []string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "server" {
			members = append(members, strings.TrimSuffix(fields[1], ";"))
		}
	}
	return members
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// step is one direction of the main job: the target and the activities of its phases.
type step struct {
	target     string
	replicas   int
	activities []string
}

var upThenDown = []step{
	{"app=3", 3, []string{"PlanScale", "StartReplicas", "AwaitReady", "CheckHealthy", "RouteReplicas", "CheckHealthy"}},
	{"app=1", 1, []string{"PlanScale", "RouteReplicas", "DrainReplicas", "CheckHealthy", "StopReplicas", "RemoveReplicas"}},
}
