// Package ingress is the worker's HTTP side: health and metrics, bounded in size and time.
package ingress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the handlers answer from.
type Options struct {
	// Ready says whether the worker is ready.
	Ready *Readiness
	// Registry holds the worker's own and the SDK's metrics.
	Registry *prometheus.Registry
}

// Handler serves GET /healthz (the process lives), /readyz (all parts are well; else it says which are not)
// and /metrics (Prometheus).
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /readyz", o.Ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return http.MaxBytesHandler(mux, 1<<20)
}

// Serve answers on the listener until ctx is done, then finishes what is in flight for 5 seconds.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ConnContext:       withCaller,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	_, isLocal := listener.(*socket)
	server.SetKeepAlivesEnabled(!isLocal) // a connection there is for one call
	return serveUntil(ctx, listener, server)
}

// serveUntil runs a server until ctx is done, then finishes what is in flight for 5 seconds.
func serveUntil(ctx context.Context, listener net.Listener, server *http.Server) error {
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
