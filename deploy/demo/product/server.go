package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxBody bounds every request body, in bytes.
const maxBody = 64 << 10

// server is what all roles share: probes, metrics, faults, warm-up and the counting of requests.
type server struct {
	cfg     config
	mux     *http.ServeMux
	metrics registry
	faults  *faults
	readyAt time.Time

	inFlight  atomic.Int64
	draining  atomic.Bool
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	actions   *prometheus.CounterVec

	// finish is what SIGTERM does before the listener closes; nil for a role that only answers.
	finish func()
}

func newServer(cfg config) *server {
	s := &server{cfg: cfg, metrics: newRegistry(), mux: http.NewServeMux(), faults: newFaults(), readyAt: time.Now().Add(cfg.warmUp)}
	s.requests = s.metrics.counter("http_requests_total", "Requests answered, probes left out.", "code")
	s.durations = s.metrics.histogram("http_request_duration_seconds", "Time to answer, by mode.", "mode")
	s.actions = s.metrics.counter("admin_actions_total", "Admin calls that changed something.", "action")
	s.metrics.gauge("ready", "1 when the replica may get work.", func() float64 {
		return boolFloat(s.notReady() == "")
	})
	s.mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { probe(w, s.notReady()) })
	s.mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { probe(w, s.unhealthy()) })
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.faultRoutes()
	if cfg.fault != nil {
		s.faults.set(*cfg.fault)
	}
	return s
}

// notReady says why the replica may not get work, or nothing.
func (s *server) notReady() string {
	switch {
	case s.faults.is("notready"):
		return "fault: notready"
	case time.Now().Before(s.readyAt):
		return "warming up"
	case s.draining.Load():
		return "draining"
	}
	return ""
}

func (s *server) unhealthy() string {
	if s.faults.is("unhealthy") {
		return "fault: unhealthy"
	}
	return ""
}

// ServeHTTP counts every request but the probes as in flight until its last byte has left: who
// waits for the gauge to reach zero may then end the process without cutting an answer off.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if slices.Contains([]string{"/ready", "/health", "/metrics"}, r.URL.Path) {
		if s.faults.hang(r.Context()) {
			s.mux.ServeHTTP(w, r)
		}
		return
	}
	s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	start := time.Now()
	out := &statusWriter{ResponseWriter: w, code: http.StatusOK}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if !s.faults.hang(r.Context()) {
		return
	}
	s.mux.ServeHTTP(out, r)
	s.requests.WithLabelValues(strconv.Itoa(out.code)).Inc()
	s.durations.WithLabelValues(modeOf(r)).Observe(time.Since(start).Seconds())
	_ = http.NewResponseController(w).Flush() // a client that has gone away is no error of ours
}

// modeOf names the mode of a request, from the closed set of modes and "none".
func modeOf(r *http.Request) string {
	if strings.Contains(r.URL.RawQuery, "mode=") {
		if mode := r.URL.Query().Get("mode"); slices.Contains(modes, mode) {
			return mode
		}
	}
	return "none"
}

// work wraps a handler that does the product's work: it is refused until the replica is ready, and
// meets the faults.
func (s *server) work(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if why := s.notReady(); why != "" {
			w.Header().Set("Retry-After", "1")
			writeError(w, http.StatusServiceUnavailable, why)
			return
		}
		if err := s.faults.work(r.Context()); err != nil {
			writeError(w, http.StatusInternalServerError, err.Error())
			return
		}
		h(w, r)
	}
}
