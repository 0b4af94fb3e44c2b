// Command demo shows the main job on this machine: a service under load is scaled from one replica
// to four and back by a durable workflow, and no request fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// rate is requests per second.
const rate = 200

// stopLimit bounds the stop of a program; evenkeel itself takes at most 15 s.
const stopLimit = 30 * time.Second

func main() {
	if code, proceed := arguments(os.Args[1:], os.Stdout, os.Stderr); !proceed {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := run(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(4)
	case failed > 0:
		os.Exit(1)
	}
}

func run(ctx context.Context) (failed int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	unlock, err := lock()
	if err != nil {
		return 0, err
	}
	defer unlock()
	dir, err := os.MkdirTemp("", "evenkeel-demo-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	library, err := standIn(dir)
	if err != nil {
		return 0, err
	}
	s, err := stack.New(filepath.Dir(filepath.Dir(self)), dir, say, library...)
	if err != nil {
		return 0, err
	}
	// What was started is stopped even when the demo is interrupted.
	defer func() { err = errors.Join(err, s.Down(context.WithoutCancel(ctx))) }()
	if err := s.Up(ctx); err != nil {
		return 0, err
	}
	addresses, err := freeAddresses()
	if err != nil {
		return 0, err
	}
	s.Env = append(s.Env, "TEMPORAL_ADDRESS="+addresses.temporal)
	say("starting evenkeel (Temporal server, Web UI, worker)")
	evenkeel, err := s.Start(ctx, "http://"+addresses.http+"/readyz", "evenkeel", addresses.flags()...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, evenkeel.Stop(stopLimit)) }()
	say("Web UI: %s", addresses.webUI())
	if err := showGate(ctx, s); err != nil {
		return 0, err
	}

	report, results, err := scaleUnderLoad(ctx, s)
	if err != nil {
		return 0, err
	}
	printTable(os.Stdout, report, results)
	fmt.Printf("failed = %d\n", report.Failed)
	if term.IsTerminal(int(os.Stdout.Fd())) {
		err = stay(ctx, s, addresses.webUI())
	}
	return report.Failed, err
}

// scaleUnderLoad runs the main job while requests are sent and counted.
func scaleUnderLoad(ctx context.Context, s *stack.Stack) (load.Report, []result, error) {
	say("sending %d requests/s to %s", rate, s.URL())
	requests := load.Start(ctx, load.Options{URL: s.URL() + "/generate?mode=fast", Rate: rate})
	defer requests.Stop()
	var results []result
	if err := sleep(ctx, 2*time.Second); err != nil {
		return load.Report{}, nil, err
	}
	for _, target := range []string{"app=4", "app=1"} {
		say("starter scale %s", target)
		r, err := scale(ctx, s, target)
		if err != nil {
			return load.Report{}, nil, err
		}
		results = append(results, r)
		if err := sleep(ctx, 2*time.Second); err != nil {
			return load.Report{}, nil, err
		}
	}
	return requests.Stop(), results, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// say writes progress to standard error, so that standard output ends with the result.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "demo: "+format+"\n", args...) }
