package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	role := os.Getenv("ROLE")
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	if role == "health" {
		os.Exit(checkHealth(os.Getenv("PORT")))
	}
	cfg, err := parseConfig(role, os.Getenv)
	if err == nil {
		err = run(cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "product:", err)
		os.Exit(2)
	}
}

// run serves the role until SIGTERM or SIGINT.
func run(cfg config) error {
	term, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ln, err := net.Listen("tcp", ":"+strconv.Itoa(cfg.port))
	if err != nil {
		return err
	}
	slog.Info("serving", "role", cfg.role, "port", cfg.port, "warm_up", cfg.warmUp)
	return serve(term, ln, newRole(cfg))
}

// newRole makes the server of the configured role.
func newRole(cfg config) *server {
	s := newServer(cfg)
	switch cfg.role {
	case "app":
		newApp(s)
	case "model":
		newModelServer(s)
	case "worker-llm":
		newWorker(s, nil)
	case "worker-rl":
		newWorker(s, newTrainer())
	}
	return s
}

// serve answers on ln until term ends. Then it returns at once, or finishes what is in flight
// first; how long that may take is the engine's to say, by SIGKILL.
func serve(term context.Context, ln net.Listener, s *server) error {
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-term.Done():
	}
	if s.cfg.exitOnTerm {
		slog.Info("exiting at once", "in_flight", s.inFlight.Load())
		return srv.Close()
	}
	slog.Info("draining", "in_flight", s.inFlight.Load())
	if s.finish != nil {
		s.finish()
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// checkHealth asks this container's own replica and returns the exit status of a health check.
func checkHealth(port string) int {
	if port == "" {
		port = "8080"
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://127.0.0.1:" + port + "/health")
	if err != nil {
		fmt.Fprintln(os.Stderr, "product: health:", err)
		return 1
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, "product: health:", resp.Status)
		return 1
	}
	return 0
}
