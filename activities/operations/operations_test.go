package operations

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// plant is a site with everything that operations need beside it. What a test does not set answers well.
type plant struct {
	site
	usage    map[string]Usage
	dial     func(protocol, address string) error
	value    func(query string) (float64, error)
	snapshot gpu.Snapshot
	gpuErr   error
	health   func(url string) (ModelHealth, error)
	cache    map[string]CacheStats
	shifts   map[string]map[string]string
	order    func(url string) error
	orders   []any
	ordered  map[string]int
	run      func(ctx context.Context, argv []string) (int, error)
	ran      [][]string
	lock     sync.Mutex
}

func (p *plant) Stats(_ context.Context, id string) (Usage, error) { return p.usage[id], nil }

// Gauge is the site's, for several who ask at once.
func (p *plant) Gauge(ctx context.Context, url, metric string) (float64, bool, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.site.Gauge(ctx, url, metric)
}

func (p *plant) Dial(_ context.Context, protocol, address string) error {
	if p.dial == nil {
		return nil
	}
	return p.dial(protocol, address)
}

func (p *plant) Value(_ context.Context, query string) (float64, error) { return p.value(query) }

// cards are the plant's GPUs.
type cards struct {
	GPUs
	of *plant
}

func (c cards) Snapshot(context.Context) (gpu.Snapshot, error) { return c.of.snapshot, c.of.gpuErr }

func (p *plant) ModelHealth(_ context.Context, url, _ string) (ModelHealth, error) {
	return p.health(url)
}

func (p *plant) CacheStats(_ context.Context, url string) (CacheStats, error) {
	return p.cache[url], nil
}

func (p *plant) Downshifts(_ context.Context, url string) (map[string]string, error) {
	return p.shifts[url], nil
}

func (p *plant) Order(_ context.Context, url string, body any) error {
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

func (p *plant) Run(ctx context.Context, argv []string) (int, error) {
	p.ran = append(p.ran, argv)
	if p.run == nil {
		return 0, nil
	}
	return p.run(ctx, argv)
}

func (p *plant) operations() *Operations {
	projects := Projects{"shop": {
		Name: "shop", Compose: &file{services: []scaling.Service{{Name: "app"}, {Name: "redis"}, {Name: "nobody"}}}, Product: p, Nginx: p, API: p,
		Policies:  map[string]scaling.Policy{"app": {StopSeconds: 7}},
		Endpoints: map[string]scaling.Endpoint{"app": {Port: 80, Ready: "/ready", Health: "/health", Metrics: "/metrics", Upstream: "app"}},
		Admin:     config.Admin{Service: "app", Port: 81, Paths: config.DefaultPaths()},
	}}
	return &Operations{
		Replicas: &Replicas{Engine: p, Prober: p, Projects: projects}, Projects: projects,
		Dialer: p, GPUs: cards{of: p}, Metrics: p, Runner: p,
		Commands: map[string]config.Command{
			"reload": {
				Argv: []string{"/bin/reload", "--now"}, Args: []config.CommandArg{{Name: "model", Pattern: "[a-z0-9_]+"}},
				Risk: "write", Timeout: duration(time.Second),
			},
			"wipe":  {Argv: []string{"/bin/wipe"}, Risk: "destructive", Timeout: duration(time.Second)},
			"again": {Argv: []string{"/bin/again"}, Risk: "write", Idempotent: true, Timeout: duration(time.Second)},
		},
		Groups: map[string][]string{"oncall": {"anna@gpu-1"}, "sre": {"*@gpu-1"}},
	}
}

// act is a call of an operation as a step of that risk makes it.
func act(uses string, risk runbook.Risk, with condition.Values) runbook.ActCall {
	operation, _ := runbook.FindOperation(uses)
	return runbook.ActCall{Project: "shop", Uses: uses, With: with, Risk: risk, Idempotent: operation.Idempotent, TimeoutSeconds: 60}
}

// Whatever a definition may use is done, by an activity or by a workflow of its own.
func TestEveryOperationIsDone(t *testing.T) {
	o := (&plant{}).operations()
	for _, operation := range runbook.Operations() {
		ownRun := operation.Name == "service.scale" || operation.Name == "service.restart"
		require.Equal(t, !ownRun, o.doer(operation.Name) != nil, operation.Name)
	}
}

func TestActRefuses(t *testing.T) {
	idempotent := act("service.restart", runbook.Destructive, condition.Values{"service": "app"})
	idempotent.Idempotent = true
	elsewhere, nowhere := act("product.cache_warm", runbook.Write, nil), act("product.cache_warm", runbook.Write, nil)
	elsewhere.Project, nowhere.Project = "bank", ""
	for name, c := range map[string]struct {
		call runbook.ActCall
		want string
	}{
		"no operation":     {act("service.stop", runbook.Write, nil), `there is no operation "service.stop"`},
		"a workflow's own": {act("service.scale", runbook.Write, condition.Values{"service": "app", "replicas": 2}), "service.scale is no activity"},
		"a run of its own": {act("service.restart", runbook.Destructive, condition.Values{"service": "app"}), "service.restart is no activity"},
		"no such project":  {elsewhere, `this worker serves no project "bank"; it serves shop`},
		"no project":       {nowhere, "the runbook is about the host and has no services; write scope: project"},
		"missing":          {act("product.breaker", runbook.Write, condition.Values{"model": "m"}), "product.breaker: state is missing"},
		"type":             {act("product.breaker", runbook.Write, condition.Values{"model": 7, "state": "open"}), "product.breaker: model is 7; it must be of type string"},
		"enum":             {act("product.breaker", runbook.Write, condition.Values{"model": "m", "state": "ajar"}), `state is "ajar"; write one of [open closed]`},
		"no argument":      {act("product.cache_warm", runbook.Write, condition.Values{"hard": true}), "hard is no argument of it"},
		"half a port":      {act("service.connect", runbook.Read, condition.Values{"service": "app", "port": 1.5}), "port is 1.5"},
		"risk":             {act("service.restart", runbook.Write, condition.Values{"service": "app"}), `service.restart is destructive, and the step declares "write"`},
		"no risk":          {act("product.cache_warm", "", nil), `the step declares ""`},
		"not idempotent":   {idempotent, "service.restart is not idempotent, and the step says so"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &plant{}
			p.replicas = two("running", "")
			_, err := p.operations().Act(t.Context(), c.call)
			require.Equal(t, InvalidInput, class(t, err))
			require.ErrorContains(t, err, c.want)
			require.Empty(t, p.orders)
		})
	}
}

// Of a call that must not be made twice, the class says whether it happened.
func TestSettle(t *testing.T) {
	no := errors.New("no")
	for name, c := range map[string]struct {
		err      error
		harmless bool
		want     string
	}{
		"answered":          {Fail(NotFound, no), false, NotFound},
		"refused":           {Fail(PreconditionFailed, no), false, PreconditionFailed},
		"busy":              {&Error{Class: RateLimited, Err: no}, false, PreconditionFailed},
		"no answer":         {Fail(Unavailable, no), false, Unknown},
		"never sent":        {NotSent(Fail(Unavailable, no)), false, PreconditionFailed},
		"a read":            {Fail(Unavailable, no), true, PreconditionFailed},
		"no class":          {no, false, Unknown},
		"cancelled":         {Fail(Unavailable, context.Canceled), false, Unknown},
		"cancelled before":  {NotSent(context.Canceled), false, PreconditionFailed},
		"the worker stops":  {Fail(WorkerStopping, no), false, Unknown},
		"unknown and known": {Fail(Unknown, Fail(NotFound, no)), false, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := Classify(ctx, settle(c.err, c.harmless))
			require.Equal(t, c.want, class(t, err), "a cancellation must not win over it")
			require.True(t, err.(*temporal.ApplicationError).NonRetryable()) //nolint:errorlint // the outermost decides
			require.ErrorContains(t, err, c.err.Error())
		})
	}
	require.NoError(t, settle(nil, false))
}

// Should Temporal ever start a second attempt at what may be done only once, it is not done again.
func TestOneAttempt(t *testing.T) {
	p := &plant{}
	p.run = func(context.Context, []string) (int, error) { panic("this worker dies here") }
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	o := p.operations()
	env.RegisterActivity(o)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		call := act("command.run", runbook.Write, condition.Values{"command": "reload", "model": "m"})
		return workflow.ExecuteActivity(ctx, o.Act, call).Get(ctx, nil)
	})
	require.Equal(t, Unknown, class(t, env.GetWorkflowError().(*temporal.WorkflowExecutionError).Unwrap())) //nolint:errorlint // the environment's own
	require.Len(t, p.ran, 1)
}

// What the activity says must come before Temporal ends it.
func TestDeadlineIsBeforeTemporals(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	end, _ := ctx.Deadline()
	require.Equal(t, end.Add(-time.Second), deadline(ctx, 30*time.Second))
	require.WithinDuration(t, time.Now().Add(20*time.Second), deadline(ctx, 20*time.Second), time.Second)
	require.WithinDuration(t, time.Now().Add(20*time.Second), deadline(t.Context(), 20*time.Second), time.Second)
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	end, _ = short.Deadline()
	require.Equal(t, end.Add(-200*time.Millisecond), deadline(short, 2*time.Second))
}

func duration(d time.Duration) strictyaml.Duration { return strictyaml.Duration(d) }
