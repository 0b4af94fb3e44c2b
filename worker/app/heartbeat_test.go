package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/outside"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

const beatPath = "/hush-4711"

// beating is a heartbeat to a server that answers with status, of a worker that is as well as fault says.
type beating struct {
	*heartbeat
	log           bytes.Buffer
	status, asked atomic.Int32
	fault         atomic.Pointer[error]
}

func newBeating(t *testing.T) *beating {
	t.Helper()
	b := &beating{}
	b.status.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != beatPath {
			t.Error(r.Method, r.URL)
		}
		b.asked.Add(1)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(b.status.Load()))
	}))
	t.Cleanup(server.Close)
	in := installation(t, "heartbeat: {url_file: url, interval: 10s}\n", map[string]string{"url": server.URL + beatPath})
	b.heartbeat = newHeartbeat(in, nil, slog.New(slog.NewTextHandler(&b.log, nil)))
	return b
}

// due lets one heartbeat be due. An answer of a readiness counts for a second, so each one is asked by a new one.
func (b *beating) due(t *testing.T) {
	t.Helper()
	b.ready = ingress.NewReadiness([]ingress.Part{{Name: "state", Check: func(context.Context) error {
		if fault := b.fault.Load(); fault != nil {
			return *fault
		}
		return nil
	}}})
	b.beat(t.Context())
}

// lines are the messages in the log since the last look.
func (b *beating) lines() []string {
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	b.log.Reset()
	return lines
}

// A change of the result is logged once; all of them are counted, and only a worker that is ready sends one.
func TestHeartbeat(t *testing.T) {
	b := newBeating(t)
	require.Equal(t, 10*time.Second, b.interval)
	full := errors.New("the disk of /state takes nothing")
	for _, step := range []struct {
		status int32
		fault  *error
		says   string
	}{
		{200, nil, "heartbeats are sent"},
		{204, nil, ""},
		{503, nil, `level=ERROR msg="heartbeats are not taken" error="the service answers 503"`},
		{302, nil, ""},
		{200, nil, "heartbeats are sent"},
		{200, &full, `"no heartbeats are sent, because the worker is not ready" readyz="not ready state FAILED: the disk of /state takes nothing"`},
		{200, &full, ""},
		{404, nil, "the service answers 404"},
	} {
		b.status.Store(step.status)
		b.fault.Store(step.fault)
		for range 2 {
			b.due(t)
		}
		lines := b.lines()
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], step.says)
		require.Equal(t, step.says == "", lines[0] == "")
		require.NotContains(t, lines[0], "hush")
	}
	require.Equal(t, int32(12), b.asked.Load(), "none while the worker is not ready, and no redirect is followed")
	require.Equal(t, map[string]float64{beatSent: 6, beatFailed: 6, beatSkipped: 4}, counts(t, b.results))
}

// A worker that stops while a heartbeat hangs does not wait for it, and neither counts nor logs it.
func TestHeartbeatEnds(t *testing.T) {
	asked, end := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-end
	}))
	t.Cleanup(server.Close)
	defer close(end)
	b := newBeating(t)
	b.url, b.calls = server.URL, outside.New(time.Hour)
	b.ready = ingress.NewReadiness(nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); b.run(ctx) }()
	<-asked
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	require.Equal(t, []string{""}, b.lines())
	require.Equal(t, map[string]float64{beatSent: 0, beatFailed: 0, beatSkipped: 0}, counts(t, b.results))
}

// counts are the values of evenkeel_heartbeats_total by result.
func counts(t *testing.T, results prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(results)
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	require.Equal(t, "evenkeel_heartbeats_total", families[0].GetName())
	out := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		out[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	return out
}
