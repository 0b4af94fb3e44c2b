// Package app is the evenkeel worker as a value: main, the standalone binary and tests start it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/activities/nvml"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/gpumetrics"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// stopTimeout is how long work that does not hand itself over may take when the worker stops. A
// process manager has to wait a little longer (deploy/systemd says 30 s).
const stopTimeout = 15 * time.Second

// gpuInterval is how often the GPUs are read for the metrics (the interval of starter gpu status).
const gpuInterval = 10 * time.Second

// Options are what a worker needs. Config, Client, Logger and Registry are required.
type Options struct {
	Config *config.Config
	// Host is the host that this worker serves; empty is the only one of the configuration, else
	// the short host name.
	Host   string
	Client client.Client
	// Namespace is the namespace of Client. The SDK takes only its own type of client for a worker,
	// so it cannot come along with it.
	Namespace string
	Logger    *slog.Logger
	// Registry is served at /metrics.
	Registry *prometheus.Registry
	// HTTPAddress is where health and metrics are served, such as 127.0.0.1:9464.
	HTTPAddress string
	// StateFiles are files in the state directory, beside the worker's own, without which the process is
	// not to go on.
	StateFiles []string
}

// App is one worker process: it polls the shared queue and its host's queue.
type App struct {
	host     string
	client   client.Client
	logger   *slog.Logger
	listener net.Listener
	handler  ingress.Options
	// beat tells somebody outside that the worker is ready; nil tells nobody.
	beat    *heartbeat
	workers []worker.Worker
	ledger  *ledger.Store
	// untold tells the ledger what it could not be told at the start; nil is nothing.
	untold  func(context.Context) error
	proof   *proof
	outside *listened
	slack   *inSlack
	state   *state
	probe   gpus
	monitor *gpumetrics.Monitor
	polling atomic.Bool
	fatal   chan error
}

// New checks the configuration, connects the adapters and claims the HTTP address. Nothing polls
// yet.
func New(ctx context.Context, o Options) (*App, error) {
	in, err := templates.Install(o.Config, o.Host)
	if err != nil {
		return nil, err
	}
	name, probe := in.Host, gpus{nvml.New(nvml.Options{})}
	known, err := knownSearchAttributes(ctx, o.Client, o.Namespace)
	if err != nil {
		return nil, err
	}
	book, err := openLedger(ctx, o.Config)
	if err != nil {
		return nil, err
	}
	if _, err := book.Follow(ctx); err != nil {
		o.Logger.Error("nothing is appended to the ledger", "error", err) // /readyz goes on saying so
	}
	proven, err := newProof(ctx, o.Config, name, o.Client, o.Namespace)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, err
	}
	commands, err := ownCommands(o.Logger)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, err
	}
	chat, err := chatOf(o.Config)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, err
	}
	adapters, err := newAdapters(in, o.Client, probe, book, chat, proven, commands)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, err
	}
	zone, err := time.LoadLocation(o.Config.TimeZone)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, o.Config.Fault("time_zone", "%v", err)
	}
	people := messenger(o.Config, book, chat, zone)
	told := func(ctx context.Context) error {
		return errors.Join(proven.announce(ctx, book, name), keepInstalled(ctx, book, name, adapters.People.Installed))
	}
	if err := told(ctx); err != nil {
		o.Logger.Error("the ledger does not know the key or the runbooks of this host; it is told again until it does", "error", err)
	} else {
		told = nil
	}
	kept, err := stateOf(book, o.StateFiles)
	if err != nil {
		_ = book.Close() // nothing was written to it
		return nil, err
	}
	listener, err := net.Listen("tcp", o.HTTPAddress)
	if err != nil {
		_ = book.Close()
		return nil, fmt.Errorf("%s is in use; stop what listens there or choose another with --http: %w", o.HTTPAddress, err)
	}
	slack, incoming, err := newIncoming(in, o, chat, zone, proven, adapters.People)
	if err != nil {
		_ = listener.Close()
		_ = book.Close()
		return nil, err
	}
	a := &App{
		host: name, client: o.Client, logger: o.Logger, listener: listener, fatal: make(chan error, 2),
		ledger: book, untold: told, proof: proven, outside: incoming, slack: slack, state: kept, probe: probe, monitor: gpumetrics.New(probe, gpuInterval, time.Now),
	}
	o.Registry.MustRegister(a.monitor, faulty(in.Definitions, o.Logger))
	a.handler = ingress.Options{Registry: o.Registry, Ready: ingress.NewReadiness(a.parts())}
	if in.Outside.HeartbeatURL != "" {
		a.beat = newHeartbeat(in, a.handler.Ready, o.Logger)
		o.Registry.MustRegister(a.beat.results)
	}
	worker.SetStickyWorkflowCacheSize(CachedRuns)
	shared := worker.New(o.Client, workflows.TaskQueue, a.workerOptions())
	workflows.Register(shared)
	SharedActivities{
		Visibility: &activities.Visibility{Known: known},
		Records:    &activities.Records{Ledger: book, Asked: activities.Since},
		Messages:   &activities.Messages{Messenger: people, Pager: pagerOf(in), Webhook: chatWebhookOf(in), Zone: zone},
		Whispers:   &activities.Whispers{Chat: chat},
		Runbooks:   adapters.Runbooks,
	}.Register(shared)
	hostOptions := a.workerOptions()
	hostOptions.DisableWorkflowWorker = true // the host's queue has activities only
	onHost := worker.New(o.Client, workflows.HostQueue(name), hostOptions)
	adapters.Register(onHost)
	a.workers = []worker.Worker{onHost, shared}
	return a, nil
}

// HTTPAddress is where health and metrics are served.
func (a *App) HTTPAddress() string { return a.listener.Addr().String() }

// Run polls until ctx is done, then hands over what it can, finishes the rest and returns. It returns an
// error soon after the state directory was removed: what it would do without it, nobody would ever see.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ingress.Serve(ctx, a.listener, ingress.Handler(a.handler)) })
	group.Go(func() error { return ingress.Serve(ctx, a.proof.local, ingress.Vouch(a.host, a.proof.key)) })
	group.Go(func() error { return a.outside.serve(ctx) })
	group.Go(func() error { a.slack.run(ctx); return nil })
	group.Go(func() error { return a.poll(ctx) })
	group.Go(func() error { a.monitor.Run(ctx); return nil })
	group.Go(func() error { a.tell(ctx); return nil })
	if a.beat != nil {
		group.Go(func() error { a.beat.run(ctx); return nil })
	}
	gone := make(chan error, 1)
	group.Go(func() error {
		err := a.state.watch(ctx)
		if err != nil {
			gone <- err
		}
		return err
	})
	var ending error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ending = group.Wait()
		a.probe.Close() // last: the activities that were handed over may have asked it
		ending = errors.Join(ending, a.ledger.Close())
	}()
	select {
	case <-ended:
		return ending
	case err := <-gone:
		select {
		case <-ended:
		case <-time.After(goneGrace): // there is nothing to hand over to
		}
		return err
	}
}

// tellAgain is how long a ledger that could not be told is left alone.
const tellAgain = 10 * time.Second

// tell tells the ledger what it could not be told at the start.
func (a *App) tell(ctx context.Context) {
	for a.untold != nil && a.untold(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellAgain):
		}
	}
}

func (a *App) poll(ctx context.Context) error {
	var started []worker.Worker
	defer func() {
		a.polling.Store(false)
		var stopping errgroup.Group
		for _, w := range started {
			stopping.Go(func() error { w.Stop(); return nil })
		}
		_ = stopping.Wait()
	}()
	for _, w := range a.workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the worker: %w", err)
		}
		started = append(started, w)
	}
	a.polling.Store(true)
	a.logger.Info("worker polls", "host", a.host, "queues", []string{workflows.TaskQueue, workflows.HostQueue(a.host)}, "http", a.HTTPAddress())
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.fatal:
		return fmt.Errorf("the worker cannot go on: %w", err)
	}
}
