package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDrain(t *testing.T) {
	for _, role := range []string{"worker-llm", "worker-rl"} {
		t.Run(role, func(t *testing.T) {
			r := start(t, role, "CONCURRENCY=2")
			r.want(202, "POST", "/tasks", `{"count":3,"ms":1000}`)
			r.until("a task to be at work", func() bool { return r.want(200, "GET", "/drain", "")["active"] == 2. })

			got := r.want(202, "POST", "/drain", "")
			require.Equal(t, true, got["draining"])
			r.want(202, "POST", "/drain", "") // twice is once
			r.want(503, "GET", "/ready", "")
			r.want(200, "GET", "/health", "")
			r.want(503, "POST", "/tasks", "")
			inFlight, _ := r.metric("tasks_in_flight")
			require.Equal(t, 3., inFlight, "what waits is in flight, too: it would be lost")
			if role == "worker-rl" {
				r.wantMetric(1, "rl_checkpoints_total")
			}
			r.until("everything to be done", func() bool { n, _ := r.metric("tasks_in_flight"); return n == 0 })
			r.wantMetric(3, `tasks_total{result="ok"}`)
			require.Equal(t, map[string]any{"draining": true, "active": 0., "queued": 0.}, r.want(200, "GET", "/drain", ""))

			require.Equal(t, false, r.want(200, "DELETE", "/drain", "")["draining"])
			r.want(200, "GET", "/ready", "")
			r.want(202, "POST", "/tasks", `{"ms":0}`)
			r.until("the fourth task", func() bool { n, _ := r.metric(`tasks_total{result="ok"}`); return n == 4 })
			r.wantMetric(4, `task_duration_seconds_count{role="`+role+`"}`)
		})
	}
}

func TestDrainNeedsTheTokenWhereOneIsSet(t *testing.T) {
	r := start(t, "worker-llm", "ADMIN_TOKEN=other")
	r.want(401, "POST", "/drain", "")
	r.want(401, "DELETE", "/drain", "")
	r.want(200, "GET", "/ready", "")
	r.want(200, "GET", "/drain", "") // telling is free, as metrics are
}

func TestTheQueueIsBounded(t *testing.T) {
	r := start(t, "worker-llm", "CONCURRENCY=1", "QUEUE=2")
	r.want(202, "POST", "/tasks", `{"ms":3600000}`)
	r.until("the worker to be busy", func() bool { return r.want(200, "GET", "/drain", "")["active"] == 1. })
	got := r.want(503, "POST", "/tasks", `{"count":5,"ms":0}`)
	require.EqualValues(t, 2, got["accepted"])
	r.wantMetric(2, "queue_length")
	r.wantMetric(3, "tasks_in_flight")
	r.wantMetric(1, `tasks_total{result="refused"}`)
	for _, body := range []string{`{"count":0}`, `{"count":10001}`, `{"ms":-1}`, `{"task":1}`} {
		r.want(400, "POST", "/tasks", body)
	}
}

func TestSelfDrive(t *testing.T) {
	r := start(t, "worker-rl", "TASK_RATE=200", "TASK_MS=0")
	r.until("training to save a checkpoint by itself", func() bool { n, _ := r.metric("rl_checkpoints_total"); return n >= 1 })
	step, _ := r.metric("rl_step")
	require.GreaterOrEqual(t, step, 500.)
}
