package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

func startReplicas(attempt int32, why string) []retry {
	next := later(8)
	return []retry{{Activity: "StartReplicas", Summary: "start 3 replicas", activityID: "5", Attempt: attempt, LastError: why, NextAttemptAt: &next}}
}

// A pipe gets a line for each attempt, and nothing of an activity that is over or not yet told.
func TestRetriesInPipe(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var out bytes.Buffer
	p := &progress{out: terminal.NewWriter(&out), columns: 40}
	f := &followed{p: p, label: "app", steps: map[int64]stepAtWork{}, news: retryNews{}}
	f.retries(startReplicas(2, "too early"), later(0))
	f.event(scheduled(t, 5, "5", "start 3 replicas"))
	f.retries(startReplicas(2, "no memory"), later(1))
	f.retries(startReplicas(2, "no memory"), later(2))
	f.retries(startReplicas(3, "no memory"), later(3))
	f.event(completed(9, 5, 4))
	f.retries(startReplicas(4, "too late"), later(5))
	require.Equal(t, `12:00:00  app          start 3 replicas
12:00:01  app          start 3 replicas: attempt 2, next in 7 s; last: no memory
12:00:03  app          start 3 replicas: attempt 3, next in 5 s; last: no memory
12:00:04  app          start 3 replicas: done after 4.0 s
`, out.String())
}

// That no worker takes a step is told once, however often it is scheduled.
func TestStepThatNobodyTakes(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var out bytes.Buffer
	f := &followed{p: &progress{out: terminal.NewWriter(&out), columns: 40}, label: "app", steps: map[int64]stepAtWork{}, news: retryNews{}}
	for i := range int64(3) {
		f.event(scheduled(t, 5+10*i, "5", "start 3 replicas"))
		since := later(int(15 * i))
		f.retries([]retry{{Activity: "StartReplicas", Summary: "start 3 replicas", activityID: "5", WaitingSince: &since, Queue: "evenkeel-host-gpu-1"}}, later(int(15*i+5)))
		f.event(&historypb.HistoryEvent{
			EventId: 6 + 10*i, EventTime: timestamppb.New(later(int(15 * (i + 1)))), EventType: enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
			Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{
				ScheduledEventId: 5 + 10*i, Failure: &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
					TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: enums.TIMEOUT_TYPE_SCHEDULE_TO_START},
				}},
			}},
		})
	}
	f.event(scheduled(t, 50, "5", "start 3 replicas"))
	f.event(completed(51, 50, 50))
	require.Equal(t, `12:00:00  app          start 3 replicas
12:00:05  app          start 3 replicas: no worker has taken it from evenkeel-host-gpu-1 since 12:00:00
12:00:15  app          start 3 replicas: no worker of the host has taken it since 12:00:00; start `+"`worker` or `evenkeel`"+` there
12:00:50  app          start 3 replicas: done after 50.0 s
`, out.String())
}

// A terminal gets a line for each error, and the rest in a line that is written over and never longer than
// the terminal. Two runs do not take turns in it.
func TestRetriesOnTerminal(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var out bytes.Buffer
	p := &progress{out: terminal.NewWriter(&out), live: true, columns: 71}
	app := &followed{p: p, label: "app", steps: map[int64]stepAtWork{}, news: retryNews{}}
	llm := &followed{p: p, label: "llm", steps: map[int64]stepAtWork{}, news: retryNews{}}
	const rewrite = "\r\x1b[K"
	wrote := func(want string) {
		t.Helper()
		require.Equal(t, want, out.String())
		live := out.String()[strings.LastIndex(out.String(), "\n")+1:]
		require.Less(t, len([]rune(strings.TrimPrefix(live, rewrite))), p.columns)
		out.Reset()
	}
	app.event(scheduled(t, 5, "5", "start 3 replicas"))
	wrote("12:00:00  app          start 3 replicas …")
	app.retries(startReplicas(2, "no memory, and much more to say"), later(1))
	wrote(rewrite + "12:00:01  app          start 3 replicas: attempt 2, next in 7 s; last: no memory, and much more to say\n" +
		"12:00:01  app          start 3 replicas: attempt 2, next in 7 s; last…")
	app.retries(startReplicas(3, "no memory, and much more to say"), later(2))
	wrote(rewrite + "12:00:02  app          start 3 replicas: attempt 3, next in 6 s; last…")

	llm.event(scheduled(t, 5, "5", "start 1 replica"))
	llm.retries(nil, later(3))
	wrote(rewrite + "12:00:00  llm          start 1 replica …")
	app.retries(startReplicas(3, "no memory, and much more to say"), later(4))
	wrote(rewrite + "12:00:04  app          start 3 replicas: attempt 3, next in 4 s; last…")
	llm.retries(startReplicas(2, "x"), later(5))
	wrote(rewrite + "12:00:05  llm          start 3 replicas: attempt 2, next in 3 s; last: x\n" +
		"12:00:05  llm          start 3 replicas: attempt 2, next in 3 s; last…")
	app.retries(startReplicas(3, "no memory, and much more to say"), later(6))
	wrote("")
	llm.retries(nil, later(7))
	wrote(rewrite + "12:00:07  llm          start 1 replica …")

	since := later(1)
	app.event(completed(9, 5, 8))
	wrote(rewrite + "12:00:08  app          start 3 replicas: done after 8.0 s\n")
	app.retries([]retry{{Activity: workflowTask, Queue: "evenkeel", WaitingSince: &since}}, later(9))
	wrote("12:00:09  app          workflow task: no worker has taken it from evenkeel since 12:00:01\n" +
		"12:00:09  app          workflow task: no worker has taken it from eve…")
	app.retries(nil, later(10))
	wrote(rewrite + "12:00:10  app          at work …")
}

// A runbook's progress shows the same.
func TestRunbookRetries(t *testing.T) {
	t.Setenv("TZ", "UTC")
	for live, want := range map[bool]string{
		false: "12:00:02 start 3 replicas: attempt 2, next in 6 s; last: no\n12:00:03 start 3 replicas: attempt 3, next in 5 s; last: no\n",
		true: "12:00:01 acting a …\r\x1b[K12:00:02 start 3 replicas: attempt 2, next in 6 s; last: no\n12:00:02 start 3 replicas: attempt 2, next in 6 s; last: no …" +
			"\r\x1b[K12:00:03 start 3 replicas: attempt 3, next in 5 s; last: no …\r\x1b[K12:00:04 acting a …",
	} {
		var out bytes.Buffer
		p := &runbookProgress{out: terminal.NewWriter(&out), live: live, columns: 80, run: "llm", told: map[string]time.Time{}, news: retryNews{}}
		status := approval("runbook/llm", "a")
		status.Request, status.Phase = nil, "acting"
		p.show(status, later(1))
		p.retries(startReplicas(2, "no"), later(2))
		p.retries(startReplicas(3, "no"), later(3))
		p.retries(nil, later(4))
		p.retries(nil, later(5))
		require.Equal(t, want, out.String(), "live: %t", live)
	}
}

// shared is an output that is read while it is written.
type shared struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// growing is a server with a run whose history goes on when next says so.
type growing struct {
	house
	next <-chan *historypb.HistoryEvent
}

func (g *growing) GetWorkflowHistory(_ context.Context, _, _ string, follow bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	if !follow {
		return &past{events: g.past["a"]}
	}
	return &following{next: g.next}
}

type following struct {
	next  <-chan *historypb.HistoryEvent
	event *historypb.HistoryEvent
}

func (f *following) HasNext() bool {
	f.event = <-f.next
	return f.event != nil
}

func (f *following) Next() (*historypb.HistoryEvent, error) { return f.event, nil }

// Whoever follows a run sees what is retried while its history says nothing.
func TestFollowShowsRetries(t *testing.T) {
	t.Setenv("TZ", "UTC")
	begun, next := scheduled(t, 5, "5", "start 3 replicas"), make(chan *historypb.HistoryEvent)
	g := &growing{next: next, house: house{
		pending: map[string]*workflowservice.DescribeWorkflowExecutionResponse{"a": described(backingOff("5", 2, "no memory"))},
		past:    map[string][]*historypb.HistoryEvent{"a": {begun}},
	}}
	var out shared
	p := &progress{out: terminal.NewWriter(&out), columns: 80}
	over := make(chan error)
	go func() { over <- p.follow(t.Context(), g, ended{id: "a", runID: "r"}, "app") }()
	next <- begun
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "start 3 replicas: attempt 2, next in ") }, 30*time.Second, 10*time.Millisecond, out.String())
	next <- completed(9, 5, 4)
	close(next)
	require.NoError(t, <-over)
	require.Equal(t, 3, strings.Count(out.String(), "\n"), out.String())
	require.Contains(t, out.String(), "; last: no memory\n")
	require.True(t, strings.HasSuffix(out.String(), "start 3 replicas: done after 4.0 s\n"), out.String())
}
