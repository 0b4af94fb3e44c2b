package ingress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func serve(t *testing.T, ready error) (url string, stop func() error) {
	t.Helper()
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "evenkeel_test_total"})
	registry.MustRegister(counter)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	handler := Handler(Options{Registry: registry, Ready: NewReadiness([]Part{{"worker", func(context.Context) error { return ready }}})})
	go func() { done <- Serve(ctx, listener, handler) }()
	return "http://" + listener.Addr().String(), func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(50 * time.Second):
			return errors.New("did not stop")
		}
	}
}

func TestEndpoints(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		ready        error
		status       int
		body         string
	}{
		"alive":     {"GET", "/healthz", errors.New("no server"), 200, "ok"},
		"ready":     {"GET", "/readyz", nil, 200, "ready\nworker    ok\n"},
		"not ready": {"GET", "/readyz", errors.New("the worker does not poll"), 503, "not ready\nworker    FAILED: the worker does not poll\n"},
		"metrics":   {"GET", "/metrics", nil, 200, "evenkeel_test_total 0"},
		"no write":  {"POST", "/healthz", nil, 405, ""},
		"nothing":   {"GET", "/debug/pprof/", nil, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url, stop := serve(t, c.ready)
			request, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
			require.NoError(t, err)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode)
			require.Contains(t, string(body), c.body)
			require.NoError(t, stop())
		})
	}
}
