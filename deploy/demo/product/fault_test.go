package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFaults(t *testing.T) {
	t.Run("unhealthy touches health alone, until it is cleared", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"unhealthy"}`)
		r.want(503, "GET", "/health", "")
		r.want(200, "GET", "/ready", "")
		r.want(200, "POST", "/generate?ms=0", "")
		r.want(200, "DELETE", "/fault", "")
		r.want(200, "GET", "/health", "")
	})
	t.Run("notready from the environment never gets ready", func(t *testing.T) {
		r := start(t, "app", `FAULT={"kind":"notready"}`)
		r.want(503, "GET", "/ready", "")
		r.want(503, "POST", "/generate", "")
		r.want(200, "GET", "/health", "")
	})
	t.Run("a fault ends after its time", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"notready","for_seconds":0.2}`)
		r.want(503, "GET", "/ready", "")
		r.until("ready again", func() bool { code, _ := r.do("GET", "/ready", ""); return code == 200 })
	})
	t.Run("errors hit their share of work", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"errors"}`)
		r.want(500, "POST", "/generate?ms=0", "")
		r.want(200, "GET", "/ready", "")
		r.want(200, "POST", "/fault", `{"kind":"errors","ratio":0}`)
		r.want(200, "POST", "/generate?ms=0", "")
		r.want(200, "POST", "/fault", `{"kind":"errors","ratio":0.5}`)
		codes := map[int]int{}
		for range 200 {
			code, _ := r.do("POST", "/generate?ms=0", "")
			codes[code]++
		}
		require.Positive(t, codes[200])
		require.Positive(t, codes[500])
		require.Equal(t, 200, codes[200]+codes[500])
	})
	t.Run("latency makes work take longer", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"latency","ms":150}`)
		begin := time.Now()
		r.want(200, "POST", "/generate?ms=0", "")
		require.GreaterOrEqual(t, time.Since(begin), 150*time.Millisecond)
	})
	t.Run("latency and errors reach the tasks of a worker", func(t *testing.T) {
		r := start(t, "worker-llm")
		r.want(200, "POST", "/fault", `{"kind":"errors"}`)
		r.want(202, "POST", "/tasks", `{"ms":0,"count":3}`)
		r.until("three failed tasks", func() bool { n, _ := r.metric(`tasks_total{result="failed"}`); return n == 3 })
	})
	t.Run("hang answers nothing, probes included", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"hang","for_seconds":1}`)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", r.url+"/health", nil)
		require.NoError(t, err)
		_, err = http.DefaultClient.Do(req) //nolint:bodyclose // there is no answer to close
		require.ErrorIs(t, err, context.DeadlineExceeded)
		r.want(200, "GET", "/health", "") // waits for the end of the fault
		require.False(t, r.s.faults.is("hang"))
	})
	t.Run("crash exits with 1 after its time", func(t *testing.T) {
		r := start(t, "app")
		exited := make(chan int, 1)
		r.s.faults.exit = func(code int) { exited <- code }
		r.want(200, "POST", "/fault", `{"kind":"crash","ms":20}`)
		require.Equal(t, 1, <-exited)
	})
	t.Run("a crash that is cleared in time does not come", func(t *testing.T) {
		f := newFaults()
		exited := make(chan int, 1)
		f.exit = func(code int) { exited <- code }
		f.set(fault{Kind: "crash", MS: 100})
		f.clear()
		select {
		case <-exited:
			t.Fatal("it crashed")
		case <-time.After(300 * time.Millisecond):
		}
	})
	t.Run("memory is taken and given back", func(t *testing.T) {
		r := start(t, "app")
		r.want(200, "POST", "/fault", `{"kind":"memory","mb":8}`)
		require.Len(t, r.s.faults.ballast, 8<<20)
		r.want(200, "DELETE", "/fault", "")
		require.Nil(t, r.s.faults.ballast)
	})
	t.Run("nonsense is refused", func(t *testing.T) {
		r := start(t, "app")
		for _, body := range []string{`{"kind":"flood"}`, `{}`, `{"kind":"latency","ms":-1}`, `{"knid":"errors"}`, `{`} {
			r.want(400, "POST", "/fault", body)
		}
	})
	t.Run("a token guards it where one is set", func(t *testing.T) {
		r := start(t, "app", "ADMIN_TOKEN=other")
		r.want(401, "POST", "/fault", `{"kind":"unhealthy"}`)
		r.want(200, "GET", "/health", "")
	})
}
