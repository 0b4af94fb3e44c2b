package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/activities/outside"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

const (
	// beatWithin is how long whoever waits for a heartbeat may take to answer.
	beatWithin = 10 * time.Second
	// firstBeat is how long after the start the first one is sent: a worker that has just begun to poll is not ready yet.
	firstBeat = 5 * time.Second
)

// The results of a heartbeat that is due.
const (
	beatSent    = "sent"
	beatFailed  = "failed"  // it was sent, and nobody took it
	beatSkipped = "skipped" // the worker is not ready, so none is sent: whoever waits for it is to notice
)

// heartbeat tells somebody outside, again and again, that the worker is ready. It only ever takes its own time.
type heartbeat struct {
	url      string
	interval time.Duration
	ready    *ingress.Readiness
	calls    *outside.Client
	logger   *slog.Logger
	// results counts those that were due.
	results *prometheus.CounterVec
	// last is the result of the one before, "" at first.
	last string
}

// newHeartbeat returns the heartbeat of an installation that has one.
func newHeartbeat(in *templates.Installation, ready *ingress.Readiness, logger *slog.Logger) *heartbeat {
	h := &heartbeat{
		url: in.Outside.HeartbeatURL, interval: time.Duration(in.Config.Heartbeat.Interval), ready: ready, calls: outside.New(beatWithin), logger: logger,
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "evenkeel_heartbeats_total",
			Help: "Heartbeats that were due: sent, failed (nobody took it) or skipped (the worker is not ready).",
		}, []string{"result"}),
	}
	for _, result := range []string{beatSent, beatFailed, beatSkipped} {
		h.results.WithLabelValues(result)
	}
	return h
}

// run sends heartbeats until ctx is done.
func (h *heartbeat) run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(firstBeat):
	}
	tick := time.NewTicker(h.interval)
	defer tick.Stop()
	for {
		h.beat(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat sends one, if the worker is ready, and logs when its result is another one than before.
func (h *heartbeat) beat(ctx context.Context) {
	result, why := h.send(ctx)
	if ctx.Err() != nil { // the worker stops, which says nothing about it
		return
	}
	h.results.WithLabelValues(result).Inc()
	if result == h.last {
		return
	}
	h.last = result
	switch result {
	case beatSent:
		h.logger.Info("heartbeats are sent", "interval", h.interval.String())
	case beatFailed:
		h.logger.Error("heartbeats are not taken", "error", why)
	default:
		h.logger.Error("no heartbeats are sent, because the worker is not ready", "readyz", why)
	}
}

// send sends one, and says why nobody has it.
func (h *heartbeat) send(ctx context.Context) (result, why string) {
	if text, ok := h.ready.Ask(); !ok {
		return beatSkipped, strings.Join(strings.Fields(text), " ")
	}
	if _, err := h.calls.Do(ctx, outside.Call{Method: http.MethodGet, URL: h.url}); err != nil {
		return beatFailed, err.Error()
	}
	return beatSent, ""
}
