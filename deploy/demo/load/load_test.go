package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// until waits for something that is expected within a second or so.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 30*time.Second, 5*time.Millisecond, what)
}

// reset ends a connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func TestEveryAnswerButA200IsCounted(t *testing.T) {
	var n, ok, unavailable, redirected, resets, cut atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch n.Add(1) % 5 {
		case 0:
			unavailable.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"error":"queue is full"}`)
		case 1:
			redirected.Add(1)
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case 2:
			resets.Add(1)
			reset(w)
		case 3:
			cut.Add(1)
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half of"))
		default:
			ok.Add(1)
		}
	}))
	defer srv.Close()

	run := Start(t.Context(), Options{URL: srv.URL, Rate: 200, Body: "{}"})
	until(t, "50 requests", func() bool { return run.Report().Requests >= 50 })
	got := run.Stop()

	require.EqualValues(t, n.Load(), got.Requests, "the server saw as many as were counted: none was repeated")
	require.EqualValues(t, n.Load()-ok.Load(), got.Failed)
	require.EqualValues(t, unavailable.Load(), got.ByReason["status 503 Service Unavailable: queue is full"])
	require.EqualValues(t, redirected.Load(), got.ByReason["status 302 Found"])
	require.EqualValues(t, cut.Load(), got.ByReason["unexpected EOF"])
	require.EqualValues(t, resets.Load(), got.Failed-
		got.ByReason["status 503 Service Unavailable: queue is full"]-got.ByReason["status 302 Found"]-got.ByReason["unexpected EOF"])
}

// A kept-alive connection that breaks is where Go's transport repeats requests behind one's back.
func TestABrokenReusedConnectionIsAFailureAndNotARetry(t *testing.T) {
	for _, tc := range []struct{ name, method, body string }{
		{"POST with a body", http.MethodPost, "{}"},
		{"POST without", http.MethodPost, ""},
		{"GET", http.MethodGet, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var seen, broken atomic.Int64
			var mu sync.Mutex
			used := map[string]int{}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen.Add(1)
				mu.Lock()
				used[r.RemoteAddr]++
				second := used[r.RemoteAddr] == 2
				mu.Unlock()
				if second {
					broken.Add(1)
					reset(w)
				}
			}))
			defer srv.Close()

			run := Start(t.Context(), Options{URL: srv.URL, Rate: 100, Method: tc.method, Body: tc.body})
			until(t, "a few broken connections", func() bool { return run.Report().Failed >= 5 })
			got := run.Stop()

			require.EqualValues(t, seen.Load(), got.Requests)
			require.EqualValues(t, broken.Load(), got.Failed)
		})
	}
}

func TestNobodyListening(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())

	run := Start(t.Context(), Options{URL: "http://" + ln.Addr().String(), Rate: 100})
	until(t, "a request", func() bool { return run.Report().Requests > 0 })
	got := run.Stop()
	require.Equal(t, got.Requests, got.Failed)
	require.Equal(t, map[string]int{"dial: connect: connection refused": got.Failed}, got.ByReason)
}

func TestAnOpenRequestIsWaitedForWhenTheRunEnds(t *testing.T) {
	for _, end := range []string{"stop", "context"} {
		t.Run(end, func(t *testing.T) {
			arrived, answer := make(chan struct{}, 1000), make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				arrived <- struct{}{}
				<-answer
			}))
			defer srv.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			run := Start(ctx, Options{URL: srv.URL, Rate: 100})
			<-arrived
			if end == "context" {
				cancel()
			}
			time.AfterFunc(50*time.Millisecond, func() { close(answer) })
			got := run.Stop()
			require.Positive(t, got.Requests)
			require.Zero(t, got.Failed, got)
		})
	}
}

func TestATimeoutIsAFailure(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer srv.Close()
	run := Start(t.Context(), Options{URL: srv.URL, Rate: 50, Timeout: 50 * time.Millisecond})
	until(t, "a timeout", func() bool { return run.Report().Failed > 0 })
	got := run.Stop()
	require.Equal(t, map[string]int{"timeout": got.Requests}, got.ByReason)
}

func TestTheLoopIsOpenUpToTheConcurrency(t *testing.T) {
	var at, most atomic.Int64
	answer := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		now := at.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		<-answer
		at.Add(-1)
	}))
	defer srv.Close()
	run := Start(t.Context(), Options{URL: srv.URL, Rate: 200, Concurrency: 4})
	until(t, "the fourth request while none is answered", func() bool { return at.Load() == 4 })
	until(t, "a fifth to be held back", func() bool { return run.Report().Held > 0 })
	close(answer)
	got := run.Stop()
	require.EqualValues(t, 4, most.Load())
	require.Zero(t, got.Failed, got)
}

func TestARateThatCannotBeSentPanics(t *testing.T) {
	require.Panics(t, func() { Start(t.Context(), Options{URL: "http://127.0.0.1:1"}) })
}

func TestExplainIsTheSameForEveryConnection(t *testing.T) {
	op := &net.OpError{
		Op: "read", Err: errors.New("connection reset by peer"),
		Source: &net.TCPAddr{Port: 40001}, Addr: &net.TCPAddr{Port: 80},
	}
	require.Equal(t, "read: connection reset by peer", explain(op))
}
