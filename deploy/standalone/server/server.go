// Package server runs a Temporal server and its Web UI inside this process, for one host: state in
// one SQLite file, kept across restarts, nothing that reaches out to the network.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/temporal"
)

// Options says where a server keeps its state and where it listens.
type Options struct {
	// StateDir holds temporal.db and evenkeel.lock; it is made when it is missing.
	StateDir string
	// IP is the address that the frontend and the Web UI listen on, such as "127.0.0.1". The other
	// services listen on loopback only.
	IP string
	// Port and UIPort are TCP ports; 0 takes a free one.
	Port   int
	UIPort int
	// Namespace is made on the first start. It must not be empty.
	Namespace string
	// Needed are further listeners of the process, probed together with the server's own.
	Needed []Address
	// Logger gets what the server has to say from warn upwards.
	Logger *slog.Logger
}

// Server is a running Temporal server with its Web UI.
type Server struct {
	server temporal.Server
	ui     *ui
	db     database
	lock   *lock
	addr   addresses
	level  slog.LevelVar
}

// Start brings the server and the Web UI up and returns when both answer. An error is one line that
// says what is in the way and what to do; then nothing was left running. A ctx that ends while the
// server comes up stops it again.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if err := os.MkdirAll(o.StateDir, 0o711); err != nil {
		return nil, fmt.Errorf("state directory: %w; set EVENKEEL_STATE to one that can be written", err)
	}
	s := &Server{}
	defer func() {
		if err != nil {
			s.Stop()
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err() // what failed then failed because of it
		}
	}()
	if s.lock, err = acquire(o.StateDir); err != nil {
		return nil, err
	}
	if s.addr, err = claim(o); err != nil {
		return nil, err
	}
	if s.db, err = openDatabase(filepath.Join(o.StateDir, "temporal.db"), o.Namespace); err != nil {
		return nil, err
	}
	s.level.Set(starting)
	built, err := temporal.NewServer(serverOptions(s.addr, s.db, logger{o.Logger, &s.level})...)
	if err != nil {
		return nil, fmt.Errorf("temporal server: %w", err)
	}
	s.server = built
	if err = s.server.Start(); err != nil {
		return nil, fmt.Errorf("temporal server: %w", err)
	}
	// Not before the server: a first call that fails would make the UI wait a second to try again.
	if s.ui, err = startUI(s.addr, o.Namespace, o.Logger); err != nil {
		return nil, err
	}
	if err = s.ready(ctx, o); err != nil {
		return nil, err
	}
	s.level.Set(running)
	return s, nil
}

// ready waits until the frontend serves the namespace with its search attributes. The Web UI serves from
// the moment that it listens.
func (s *Server) ready(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  s.HostPort(),
		Namespace: o.Namespace,
		Logger:    sdklog.NewStructuredLogger(o.Logger),
	})
	if err != nil {
		return fmt.Errorf("temporal server does not answer on %s: %w", s.HostPort(), err)
	}
	defer c.Close()
	if err := ensureSearchAttributes(ctx, c, o.Namespace); err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	return nil
}

// Stop stops the Web UI and then the server, and gives up the lock on the state directory. It takes
// about a second. A second call does nothing.
func (s *Server) Stop() {
	s.level.Set(silent)
	s.ui.stop()
	if s.server != nil {
		_ = s.server.Stop() // always nil in this version
		s.server = nil
		s.db.checkpoint()
	}
	s.lock.release()
}

// HostPort returns the address for Temporal clients on this host.
func (s *Server) HostPort() string { return s.addr.frontend.dial() }

// Database returns the path of the file that all runs are kept in.
func (s *Server) Database() string { return s.db.path }

// UIURL returns the address of the Web UI on this host.
func (s *Server) UIURL() string { return "http://" + s.addr.ui.dial() }
