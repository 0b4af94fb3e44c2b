package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// slots is the bounded request queue: so many requests are at work, so many more may wait.
type slots struct {
	free    chan struct{}
	waiting atomic.Int64
	max     int64
}

func newSlots(concurrency, queue int) *slots {
	return &slots{free: make(chan struct{}, concurrency), max: int64(queue)}
}

// take waits for a slot. It answers false when the queue is full, which has then been said to the
// client, or when the client went away.
func (q *slots) take(w http.ResponseWriter, r *http.Request) bool {
	select {
	case q.free <- struct{}{}:
		return true
	default:
	}
	defer q.waiting.Add(-1)
	if q.waiting.Add(1) > q.max {
		w.Header().Set("Retry-After", "1")
		writeError(w, http.StatusServiceUnavailable, "queue is full")
		return false
	}
	select {
	case q.free <- struct{}{}:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (q *slots) give() { <-q.free }

func (q *slots) collect(r registry, s *server) {
	r.gauge("queue_length", "Requests that wait for a slot.",
		func() float64 { return float64(q.waiting.Load()) })
	r.gauge("http_requests_in_flight", "Requests taken and not yet answered, probes left out.",
		func() float64 { return float64(s.inFlight.Load()) })
}

// latencyParam reads ?ms=, or returns fallback without one.
func latencyParam(r *http.Request, fallback time.Duration) (time.Duration, error) {
	v := r.URL.Query().Get("ms")
	if v == "" {
		return fallback, nil
	}
	ms, err := strconv.Atoi(v)
	if err != nil || ms < 0 || ms > 600_000 {
		return 0, fmt.Errorf("ms=%q: want 0 to 600000", v)
	}
	return time.Duration(ms) * time.Millisecond, nil
}
