package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/evenkeel/evenkeel/deploy/standalone/server"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/worker/app"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/worker/promsdk"
)

// options are the command line.
type options struct {
	config, host, ip, http string
	port, uiPort           int
}

// missingError is a thing that evenkeel needs and that is not there; every other error is wrong usage
// or bad input.
type missingError struct{ error }

func (e missingError) Unwrap() error { return e.error }

// run brings everything up, says on out where it is, and stays until ctx is done. Then the worker
// stops first, so that it can still report what it finished, and the server last.
func run(ctx context.Context, o options, out io.Writer) error {
	if _, err := netip.ParseAddr(o.ip); err != nil {
		return fmt.Errorf("--ip %q is not an IP address", o.ip)
	}
	http, err := netip.ParseAddrPort(o.http)
	if err != nil {
		return fmt.Errorf("--http %q is not an IP address and a port", o.http)
	}
	c, err := config.Load(o.config)
	if err != nil {
		return err
	}
	if _, _, err := c.Host(o.host); err != nil {
		return err
	}
	dir, err := config.StateDir()
	if err != nil {
		return err
	}
	logger := app.Logger(os.Stderr)
	slog.SetDefault(logger)
	s, err := server.Start(ctx, server.Options{
		StateDir: dir, IP: o.ip, Port: o.port, UIPort: o.uiPort, Namespace: client.DefaultNamespace, Logger: logger,
		Needed: []server.Address{{IP: http.Addr().String(), Port: int(http.Port()), Flag: "--http"}},
	})
	if err != nil {
		return missingError{err}
	}
	defer s.Stop()
	if err := work(ctx, o, c, s, logger, dir, out); err != nil {
		return missingError{err}
	}
	return nil
}

// work runs the worker against our own server. The environment's Temporal settings are for other
// servers and are not read.
func work(ctx context.Context, o options, c *config.Config, s *server.Server, logger *slog.Logger, dir string, out io.Writer) error {
	registry := prometheus.NewRegistry()
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort: s.HostPort(), Namespace: client.DefaultNamespace, Identity: connect.Identity(),
		Logger: log.NewStructuredLogger(logger), MetricsHandler: promsdk.New(registry),
	})
	if err != nil {
		return fmt.Errorf("temporal client: %w", err)
	}
	defer temporal.Close()
	worker, err := app.New(ctx, app.Options{
		Config: c, Host: o.host, Client: temporal, Namespace: client.DefaultNamespace,
		Logger: logger, Registry: registry, HTTPAddress: o.http, StateFiles: []string{s.Database()},
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Temporal  %s\nWeb UI    %s\nHealth    http://%s/readyz\nState     %s\n", s.HostPort(), s.UIURL(), worker.HTTPAddress(), dir)
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return worker.Run(ctx)
}
