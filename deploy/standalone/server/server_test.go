package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/worker/promsdk"
)

const (
	queue   = "test"
	waitFor = 30 * time.Second
	tick    = 20 * time.Millisecond
)

// start brings a server up on dir and returns it with a client.
func start(t *testing.T, dir string) (*Server, client.Client) {
	t.Helper()
	s, err := Start(t.Context(), options(t, dir))
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	c, err := client.Dial(client.Options{HostPort: s.HostPort(), Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return s, c
}

func options(t *testing.T, dir string) Options {
	t.Helper()
	return Options{StateDir: dir, IP: loopback, Namespace: client.DefaultNamespace, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// work polls the test queue until the test or the returned function ends it.
func work(t *testing.T, c client.Client) worker.Worker {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterWorkflow(sleep)
	w.RegisterActivity(hello)
	require.NoError(t, w.Start())
	return w
}

func hello(_ context.Context, name string) (string, error) { return "hello " + name, nil }

func greet(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var out string
	err := workflow.ExecuteActivity(ctx, hello, name).Get(ctx, &out)
	return out, err
}

func sleep(ctx workflow.Context, d time.Duration) error { return workflow.Sleep(ctx, d) }

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestRunsAndTimersOutliveARestart(t *testing.T) {
	ctx, dir := deadline(t), t.TempDir()
	s, c := start(t, dir)
	w := work(t, c)
	done, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "done", TaskQueue: queue}, greet, "ada")
	require.NoError(t, err)
	var text string
	require.NoError(t, done.Get(ctx, &text))
	require.Equal(t, "hello ada", text)
	waiting, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "waiting", TaskQueue: queue}, sleep, 3*time.Second)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return timerStarted(ctx, t, c, waiting) }, waitFor, tick)
	w.Stop()
	c.Close()
	s.Stop()

	_, c = start(t, dir)
	w = work(t, c)
	defer w.Stop()
	text = ""
	require.NoError(t, c.GetWorkflow(ctx, "done", done.GetRunID()).Get(ctx, &text))
	require.Equal(t, "hello ada", text)
	require.NoError(t, c.GetWorkflow(ctx, "waiting", waiting.GetRunID()).Get(ctx, nil))
}

func timerStarted(ctx context.Context, t *testing.T, c client.Client, run client.WorkflowRun) bool {
	t.Helper()
	for it := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, 0); it.HasNext(); {
		event, err := it.Next()
		require.NoError(t, err)
		if event.GetTimerStartedEventAttributes() != nil {
			return true
		}
	}
	return false
}

func TestSearchAttributesFindARun(t *testing.T) {
	ctx := deadline(t)
	_, c := start(t, t.TempDir())
	defer work(t, c).Stop()
	host := temporal.NewSearchAttributeKeyKeyword("EvenkeelHost")
	service := temporal.NewSearchAttributeKeyKeyword("EvenkeelService")
	severity := temporal.NewSearchAttributeKeyKeyword("EvenkeelSeverity")
	state := temporal.NewSearchAttributeKeyKeyword("EvenkeelState")
	for _, name := range []string{"gpu1", "gpu2"} {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: "on-" + name, TaskQueue: queue,
			TypedSearchAttributes: temporal.NewSearchAttributes(
				host.ValueSet(name), service.ValueSet("api"), severity.ValueSet("high"), state.ValueSet("steady")),
		}, greet, name)
		require.NoError(t, err)
	}
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: "EvenkeelHost='gpu2' AND EvenkeelService='api' AND EvenkeelSeverity='high' AND EvenkeelState='steady'"}
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(ctx, request)
		require.NoError(t, err)
		return len(found.Executions) == 1 && found.Executions[0].GetExecution().GetWorkflowId() == "on-gpu2"
	}, waitFor, tick)
}

func TestStandaloneActivity(t *testing.T) {
	ctx := deadline(t)
	_, c := start(t, t.TempDir())
	defer work(t, c).Stop()
	handle, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: "one", TaskQueue: queue, StartToCloseTimeout: time.Minute}, hello, "grace")
	require.NoError(t, err)
	var text string
	require.NoError(t, handle.Get(ctx, &text))
	require.Equal(t, "hello grace", text)
}

// A question leaves nothing once its answer was read, and neither does one that nobody waits for any more.
func TestQuestionsAreForgotten(t *testing.T) {
	ctx := deadline(t)
	_, c := start(t, t.TempDir())
	defer work(t, c).Stop()
	to := &connect.Connection{Client: c, Namespace: client.DefaultNamespace}
	question := func(id, queue string) client.ActivityHandle {
		handle, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: id, TaskQueue: queue, ScheduleToCloseTimeout: time.Minute}, hello, "grace")
		require.NoError(t, err)
		return handle
	}
	count := func() int64 {
		answer, err := c.CountActivities(ctx, client.CountActivitiesOptions{})
		require.NoError(t, err)
		return answer.Count
	}
	var questions []client.ActivityHandle
	for i := range 20 {
		q := question(fmt.Sprint("ask/", i), queue)
		require.NoError(t, q.Get(ctx, nil))
		questions = append(questions, q)
	}
	questions = append(questions, question("ask/nobody", "nobody's queue"))
	require.Eventually(t, func() bool { return count() == 21 }, waitFor, tick, "they are not listed at all")
	for _, q := range questions {
		to.Forget(ctx, q)
	}
	require.Eventually(t, func() bool { return count() == 0 }, waitFor, tick)
}

func TestSDKMetricsAreScraped(t *testing.T) {
	ctx := deadline(t)
	s, _ := start(t, t.TempDir())
	reg := prometheus.NewRegistry()
	c, err := client.Dial(client.Options{HostPort: s.HostPort(), Logger: quiet{}, MetricsHandler: promsdk.New(reg)})
	require.NoError(t, err)
	defer c.Close()
	defer work(t, c).Stop()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "one", TaskQueue: queue}, greet, "ada")
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, nil))
	for _, name := range []string{
		"temporal_request_total", "temporal_workflow_completed_total", "temporal_activity_execution_latency_seconds", "temporal_worker_task_slots_available",
	} {
		require.Eventually(t, func() bool {
			n, err := testutil.GatherAndCount(reg, name)
			require.NoError(t, err)
			return n > 0
		}, waitFor, tick, name)
	}
}

func TestStopClosesEveryPort(t *testing.T) {
	dir := t.TempDir()
	s, c := start(t, dir)
	c.Close()
	s.Stop()
	for _, one := range []Address{s.addr.frontend, s.addr.ui, s.addr.history, s.addr.matching, s.addr.worker} {
		l, err := net.Listen("tcp", one.dial())
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	log, err := os.Stat(filepath.Join(dir, "temporal.db-wal"))
	require.NoError(t, err)
	require.Zero(t, log.Size(), "a copy of temporal.db is not whole")
	s.Stop() // a second time is harmless
}

func TestAStartCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	_, err := Start(ctx, options(t, dir))
	require.ErrorIs(t, err, context.Canceled)
	start(t, dir) // nothing is left in the way
}

func TestNothingIsLoggedWhenAllIsWell(t *testing.T) {
	var out syncBuffer
	o := options(t, t.TempDir())
	o.Logger = slog.New(slog.NewTextHandler(&out, nil))
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	s.Stop()
	require.Empty(t, out.String())
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// quiet drops the SDK's own log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
