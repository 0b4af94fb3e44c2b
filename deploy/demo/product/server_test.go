package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWarmUp(t *testing.T) {
	for _, tc := range []struct{ role, method, path string }{
		{"app", "POST", "/generate"},
		{"model", "POST", "/generate?model=qwen_32b"},
		{"worker-llm", "POST", "/tasks"},
		{"worker-rl", "POST", "/tasks"},
	} {
		t.Run(tc.role, func(t *testing.T) {
			r := start(t, tc.role, "WARM_UP=3600")
			require.Contains(t, r.want(503, "GET", "/ready", "")["error"], "warming up")
			r.want(503, tc.method, tc.path, "")
			r.want(200, "GET", "/health", "")
			r.wantMetric(0, "ready")

			r.s.readyAt = time.Now()
			r.want(200, "GET", "/ready", "")
			code, body := r.do(tc.method, tc.path, "")
			require.Equal(t, 2, code/100, body)
			r.wantMetric(1, "ready")
		})
	}
}

func TestInFlightCountsRequestsAndNoProbes(t *testing.T) {
	r := start(t, "app")
	ctx, leave := context.WithCancel(t.Context())
	done := r.answers(ctx, 600_000)
	r.until("the request to be in flight", func() bool {
		n, _ := r.metric("http_requests_in_flight")
		return n == 1
	})
	for range 3 {
		r.want(200, "GET", "/ready", "")
		r.want(200, "GET", "/health", "")
		r.wantMetric(1, "http_requests_in_flight")
	}
	_, counted := r.metric(`http_requests_total{code="200"}`)
	require.False(t, counted, "probes are no requests")
	leave()
	<-done
	r.until("the request to be gone", func() bool {
		n, _ := r.metric("http_requests_in_flight")
		return n == 0
	})
}

func TestFullQueueIsRefused(t *testing.T) {
	r := start(t, "app", "CONCURRENCY=1", "QUEUE=1")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	first := r.answers(ctx, 600_000)
	r.until("a slot to be taken", func() bool { n, _ := r.metric("http_requests_in_flight"); return n == 1 })
	second := r.answers(t.Context(), 1)
	r.until("a request to wait", func() bool { n, _ := r.metric("queue_length"); return n == 1 })
	require.Equal(t, "queue is full", r.want(503, "POST", "/generate", "")["error"])
	leave()
	<-first
	require.Equal(t, "200 <nil>", <-second, "who waited gets the slot")
	r.wantMetric(0, "queue_length")
}

// serveOn serves a role as main does; term is its SIGTERM.
func serveOn(t *testing.T, role string, env ...string) (r replica, term func(), ended chan error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r = start(t, role, env...)
	r.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() { ended <- serve(ctx, ln, r.s) }()
	return r, cancel, ended
}

func TestTermination(t *testing.T) {
	t.Run("drain finishes what is in flight and takes nothing new", func(t *testing.T) {
		r, term, ended := serveOn(t, "app")
		done := r.answers(t.Context(), 500)
		r.until("the request to be in flight", func() bool { return r.s.inFlight.Load() == 1 })
		term()
		r.until("the listener to be closed", func() bool {
			c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
		require.Equal(t, "200 <nil>", <-done)
		require.NoError(t, <-ended)
	})
	t.Run("exit cuts it off", func(t *testing.T) {
		r, term, ended := serveOn(t, "app", "ON_TERM=exit")
		done := r.answers(t.Context(), 600_000)
		r.until("the request to be in flight", func() bool { return r.s.inFlight.Load() == 1 })
		term()
		require.NoError(t, <-ended)
		require.Contains(t, <-done, "EOF")
	})
	t.Run("a worker finishes its tasks and answers until then", func(t *testing.T) {
		r, term, ended := serveOn(t, "worker-rl", "ADMIN_TOKEN=secret")
		r.want(200, "POST", "/admin/training", `{"action":"stop"}`) // holds the tasks
		r.want(202, "POST", "/tasks", `{"count":2,"ms":0}`)
		term()
		r.until("the drain to show", func() bool { code, _ := r.do("GET", "/ready", ""); return code == 503 })
		r.want(200, "DELETE", "/drain", "")
		r.want(503, "POST", "/tasks", "") // SIGTERM is not taken back
		r.want(200, "POST", "/admin/training", `{"action":"resume"}`)
		require.NoError(t, <-ended)
		require.Zero(t, r.s.inFlight.Load())
		require.Contains(t, samples(r.s), `tasks_total{result="ok"} 2`)
	})
	t.Run("a taken port is an error", func(t *testing.T) {
		ln, err := net.Listen("tcp", ":0")
		require.NoError(t, err)
		defer ln.Close()
		require.Error(t, run(config{role: "model", port: ln.Addr().(*net.TCPAddr).Port}))
	})
}

// samples is /metrics of a server that no longer listens.
func samples(s *server) string { return scraped(s.metrics) }

func scraped(r registry) string {
	answer := httptest.NewRecorder()
	r.handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

func TestBodiesAreBounded(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	large := `{"prompt":"` + strings.Repeat("x", maxBody) + `"}`
	r.want(http.StatusRequestEntityTooLarge, "POST", "/generate", large)
	r.want(http.StatusRequestEntityTooLarge, "POST", "/admin/cache/ttl", large)
	r.want(http.StatusRequestEntityTooLarge, "POST", "/fault", large)
}
