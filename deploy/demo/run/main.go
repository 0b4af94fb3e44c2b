// Command demo shows the main jobs on this machine. A service under load is scaled from one replica to four and back by a
// durable workflow, and no request fails. A model server dies, its alert starts a run, and the run asks a person in Slack.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
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
	play, code := arguments(os.Args[1:], os.Stdout, os.Stderr)
	if play == nil {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	failed, err := run(ctx, play)
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

// demo is what the scenes are played on.
type demo struct {
	stack *stack.Stack
	slack *workspace
	webUI string
	// environment is a file for the shell of a person who types commands.
	environment string
	// terminal says that a person looks on.
	terminal bool
}

// run starts everything, plays the scenes, and stops what it has started, even when it is interrupted.
func run(ctx context.Context, play []string) (failed int, err error) {
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
	slack, err := openWorkspace()
	if err != nil {
		return 0, err
	}
	defer slack.close()
	if err := s.LetIn(slack.Slack); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Down(context.WithoutCancel(ctx))) }()
	if err := s.Up(ctx); err != nil {
		return 0, err
	}
	d := &demo{stack: s, slack: slack, terminal: term.IsTerminal(int(os.Stdout.Fd()))}
	stop, err := d.start(ctx)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return 0, err
	}
	for _, scene := range play {
		n, err := d.play(ctx, scene)
		if failed += n; err != nil {
			return failed, err
		}
	}
	fmt.Printf("failed = %d\n", failed)
	if d.terminal {
		d.stay(ctx)
	}
	return failed, nil
}

// start starts evenkeel, Prometheus and Alertmanager. What it returns stops those that were started, the last one first.
func (d *demo) start(ctx context.Context) (stop func() error, err error) {
	var programs []*stack.Program
	stop = func() error {
		var errs []error
		for _, p := range slices.Backward(programs) {
			errs = append(errs, p.Stop(stopLimit))
		}
		return errors.Join(errs...)
	}
	addresses, err := freeAddresses()
	if err != nil {
		return stop, err
	}
	d.webUI = addresses.webUI()
	d.stack.Env = append(d.stack.Env, "TEMPORAL_ADDRESS="+addresses.temporal)
	say("starting evenkeel (Temporal server, Web UI, worker), Prometheus and Alertmanager")
	for _, start := range []func() (*stack.Program, error){
		func() (*stack.Program, error) {
			return d.stack.Start(ctx, "http://"+addresses.http+"/readyz", "evenkeel", addresses.flags()...)
		},
		func() (*stack.Program, error) { return d.stack.StartAlertmanager(ctx) },
		func() (*stack.Program, error) { return d.stack.StartPrometheus(ctx) },
	} {
		p, err := start()
		if err != nil {
			return stop, err
		}
		programs = append(programs, p)
	}
	if d.environment, err = d.stack.WriteEnvironment(); err != nil {
		return stop, err
	}
	say("Web UI: %s", d.webUI)
	say("Slack: %s", d.slack.page)
	say("for the starter in another terminal: . %s", d.environment)
	return stop, nil
}

// play plays a scene and returns how much failed in it. An error is that the demo itself cannot go on.
func (d *demo) play(ctx context.Context, scene string) (failed int, err error) {
	if scene == gateScene {
		failed, err = d.gate(ctx)
		if err == nil || ctx.Err() != nil {
			return failed, ctx.Err()
		}
		say("the gated run did not go as it should: %v", err)
		return failed + 1, nil
	}
	if err := showGate(ctx, d.stack); err != nil {
		return 0, err
	}
	report, results, err := scaleUnderLoad(ctx, d.stack)
	if err != nil {
		return 0, err
	}
	printTable(os.Stdout, report, results)
	return report.Failed, nil
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
