package operations

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// environment is everything that operations need. What a test does not set answers well.
type environment struct {
	activities.Engine
	replicas []scaling.Replica
	status   func(url string) (int, error)
	gauge    func(n int) (float64, bool, error)
	asked    int
	ledger   *book
	now      time.Time
	usage    map[string]activities.Usage
	dial     func(protocol, address string) error
	value    func(query string) (float64, error)
	snapshot gpu.Snapshot
	gpuErr   error
	health   func(url string) (activities.ModelHealth, error)
	cache    map[string]activities.CacheStats
	shifts   map[string]map[string]string
	order    func(url string) error
	orders   []any
	ordered  map[string]int
	run      func(ctx context.Context, argv []string) (int, error)
	ran      [][]string
	lock     sync.Mutex
	// notEntitled says why persons do not allow a destructive operation.
	notEntitled error
	// notDeclared says why no definition has the call.
	notDeclared error
}

func (p *environment) Declared(context.Context, string, runbook.ActCall, time.Time) error {
	return p.notDeclared
}

func (p *environment) Entitled(_ context.Context, run, runID string, _ runbook.ActCall, _ time.Time) error {
	if run == "" || runID == "" {
		return errors.New("no run asks")
	}
	return p.notEntitled
}

func (p *environment) Stats(_ context.Context, id string) (activities.Usage, error) {
	return p.usage[id], nil
}

func (p *environment) Inventory(context.Context, string) (scaling.Inventory, error) {
	return scaling.Inventory{Replicas: p.replicas}, nil
}

func (p *environment) Get(_ context.Context, url string) (int, error) {
	if p.status == nil {
		return 200, nil
	}
	return p.status(url)
}

func (p *environment) Gauge(context.Context, string, string) (float64, bool, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.asked++
	if p.gauge == nil {
		return 0, true, nil
	}
	return p.gauge(p.asked)
}

func (p *environment) Dial(_ context.Context, protocol, address string) error {
	if p.dial == nil {
		return nil
	}
	return p.dial(protocol, address)
}

func (p *environment) Value(_ context.Context, query string) (float64, error) { return p.value(query) }

// cards are the environment's GPUs.
type cards struct {
	activities.GPUs
	of *environment
}

func (c cards) Snapshot(context.Context) (gpu.Snapshot, error) { return c.of.snapshot, c.of.gpuErr }

func (p *environment) ModelHealth(_ context.Context, url, _ string) (activities.ModelHealth, error) {
	return p.health(url)
}

func (p *environment) CacheStats(_ context.Context, url string) (activities.CacheStats, error) {
	return p.cache[url], nil
}

func (p *environment) Downshifts(_ context.Context, url string) (map[string]string, error) {
	return p.shifts[url], nil
}

func (p *environment) Order(_ context.Context, url string, body any) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.orders = append(p.orders, body)
	if p.ordered == nil {
		p.ordered = map[string]int{}
	}
	p.ordered[url]++
	if p.order == nil {
		return nil
	}
	return p.order(url)
}

func (p *environment) Run(ctx context.Context, argv []string) (int, error) {
	p.ran = append(p.ran, argv)
	if p.run == nil {
		return 0, nil
	}
	return p.run(ctx, argv)
}

// compose is a Compose file with three services.
type compose struct{ activities.Compose }

func (compose) Services(context.Context) ([]scaling.Service, error) {
	return []scaling.Service{{Name: "app"}, {Name: "redis"}, {Name: "nobody"}}, nil
}

// book is a ledger that is told of destructive operations.
type book struct {
	activities.Ledger
	drafts []ledger.Draft
	err    error
	hangs  bool
}

func (b *book) AppendFirst(ctx context.Context, d ledger.Draft) (bool, error) {
	if b.hangs {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if b.err != nil {
		return false, b.err
	}
	first := !slices.ContainsFunc(b.drafts, func(of ledger.Draft) bool { return of.Key == d.Key })
	b.drafts = append(b.drafts, d)
	return first, nil
}

// two are two replicas of the app, of which the second is so.
func two(state, health string) []scaling.Replica {
	return []scaling.Replica{
		{ID: "a", Name: "shop-app-1", Service: "app", Number: 1, State: "running", Address: "10.0.0.1"},
		{ID: "b", Name: "shop-app-2", Service: "app", Number: 2, State: state, Health: health, Address: "10.0.0.2"},
	}
}

func class(t *testing.T, err error) string {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	return app.Type()
}

// operations are those of the environment, with what a test changes of it.
func (p *environment) operations(t *testing.T, changes ...func(*Options)) *Operations {
	t.Helper()
	if p.ledger == nil {
		p.ledger = &book{}
	}
	projects := activities.Projects{"shop": {
		Name: "shop", Compose: compose{}, API: p,
		Endpoints: map[string]scaling.Endpoint{"app": {Port: 80, Ready: "/ready", Health: "/health", Metrics: "/metrics", Upstream: "app"}},
		Admin:     config.Admin{Service: "app", Port: 81, Paths: config.DefaultPaths()},
	}}
	options := Options{
		Replicas: &activities.Replicas{Engine: p, Prober: p, Projects: projects}, Projects: projects,
		Dialer: p, GPUs: cards{of: p}, Metrics: p, Runner: p, Ledger: p.ledger, People: p,
		Commands: map[string]config.Command{
			"reload": {
				Argv: []string{"/bin/reload", "--now"}, Args: []config.CommandArg{{Name: "model", Pattern: "[a-z0-9_]+"}},
				Risk: "write", Timeout: duration(time.Second),
			},
			"wipe":  {Argv: []string{"/bin/wipe"}, Risk: "destructive", Timeout: duration(time.Second)},
			"again": {Argv: []string{"/bin/again"}, Risk: "write", Idempotent: true, Timeout: duration(time.Second)},
			"clean": {Argv: []string{"/bin/clean"}, Risk: "destructive", Idempotent: true, Timeout: duration(time.Second)},
		},
		Groups: map[string][]string{"oncall": {"anna@gpu-1"}, "sre": {"*@gpu-1"}},
	}
	if !p.now.IsZero() {
		options.Now = func() time.Time { return p.now }
	}
	for _, change := range changes {
		change(&options)
	}
	o, err := New(options)
	require.NoError(t, err)
	return o
}

func duration(d time.Duration) strictyaml.Duration { return strictyaml.Duration(d) }
