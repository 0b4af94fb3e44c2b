package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Operations does what runbooks use on one host. Its activities run on the host's task queue.
type Operations struct {
	Replicas *Replicas
	Projects Projects
	Dialer   Dialer
	GPUs     GPUs
	// Metrics is nil where no Prometheus is configured.
	Metrics Metrics
	// Commands are the programs that Runner may run, by name.
	Commands map[string]config.Command
	Runner   Runner
	// Groups are the groups that a definition may name.
	Groups map[string][]string
}

// Dialer asks a server whether it gives out connections. activities/handshake implements it; it gives up after 5
// seconds.
type Dialer interface {
	// Dial returns an Unavailable error when nobody at address, "172.18.0.3:6379", gives a connection. Beyond
	// "tcp" and "" the protocol is spoken up to the server's first answer: "postgres" and "redis".
	Dial(ctx context.Context, protocol, address string) error
}

// Metrics asks Prometheus. activities/prom implements it.
type Metrics interface {
	// Value returns the one value of a query at the server's present time. No value, more than one, one that is
	// no finite number or is old is PreconditionFailed, a query that Prometheus refuses InvalidInput.
	Value(ctx context.Context, query string) (float64, error)
}

// Runner runs a program of this host. activities/command implements it.
type Runner interface {
	// Run runs argv without a shell, with nothing of the worker's environment but PATH and LANG, and returns its
	// exit status. One that cannot be started is NotFound, PermissionDenied, InvalidInput or marked with
	// ErrNotSent. When ctx ends first the program is killed with all that it started, and the error is Unknown.
	Run(ctx context.Context, argv []string) (status int, err error)
}

// ErrNotSent is what the error of a call is that never left this host: it certainly did not happen.
var ErrNotSent = errors.New("nothing was sent")

// NotSent marks err with ErrNotSent. Its text and its class stay.
func NotSent(err error) error {
	if err == nil {
		return nil
	}
	return notSent{err}
}

type notSent struct{ error }

func (e notSent) Unwrap() error        { return e.error }
func (e notSent) Is(target error) bool { return target == ErrNotSent }

// task is one use of an operation.
type task struct {
	// project is nil for a runbook about the host.
	project *Project
	// with has the types of the operation's parameters.
	with condition.Values
	// once says that doing it twice is not doing it once.
	once bool
	risk runbook.Risk
	// deadline is when the time is over.
	deadline time.Time
}

func (t task) text(name string) string { s, _ := t.with[name].(string); return s }

// doer does an operation. Its values are those of the operation's outputs.
type doer func(ctx context.Context, t task) (condition.Values, error)

func (o *Operations) doer(name string) doer {
	return map[string]doer{
		"command.run":             o.runCommand,
		"gpu.headroom":            o.headroom,
		"product.breaker":         o.breaker,
		"product.cache_bypass":    o.cacheBypass,
		"product.cache_stats":     o.cacheStats,
		"product.cache_warm":      o.cacheWarm,
		"product.db_pool_reset":   o.poolReset,
		"product.downshift":       o.downshift,
		"product.downshift_stats": o.downshiftStats,
		"product.model_health":    o.modelHealth,
		"prometheus.query":        o.query,
		"service.connect":         o.connect,
		"service.metric":          o.metric,
		"service.state":           o.state,
		"service.usage":           o.usage,
	}[name]
}

// Act does one operation within the call's time. Where the call is idempotent an error is of the class that
// says whether to try again. Where it is not, Unknown is one of which nobody knows whether it happened, and
// with every other class it certainly did not, or as far as the text says.
func (o *Operations) Act(ctx context.Context, call runbook.ActCall) (runbook.ActResult, error) {
	defer heartbeat(ctx)()
	outputs, err := o.act(ctx, call)
	if err != nil {
		return runbook.ActResult{}, Classify(ctx, err)
	}
	return runbook.ActResult{Outcome: runbook.OK, Outputs: outputs}, nil
}

func (o *Operations) act(ctx context.Context, call runbook.ActCall) (condition.Values, error) {
	operation, with, err := arguments(call.Uses, call.With)
	if err != nil {
		return nil, err
	}
	do := o.doer(call.Uses)
	switch {
	case call.Risk.Below(operation.Risk):
		return nil, Fail(InvalidInput, fmt.Errorf("%s is %s, and the step declares %q", call.Uses, operation.Risk, call.Risk))
	case call.Idempotent && !operation.Idempotent && !operation.Open:
		return nil, Fail(InvalidInput, fmt.Errorf("%s is not idempotent, and the step says so", call.Uses))
	case do == nil:
		return nil, Fail(InvalidInput, fmt.Errorf("%s is no activity; the run does it by a workflow of its own", call.Uses))
	case !call.Idempotent && attempt(ctx) > 1:
		return nil, Fail(Unknown, errors.New("an earlier attempt may have done it"))
	}
	project, err := o.project(call.Project)
	if err != nil {
		return nil, err
	}
	t := task{project: project, with: with, once: !call.Idempotent, risk: call.Risk, deadline: deadline(ctx, runbook.Duration(call.TimeoutSeconds))}
	ctx, cancel := context.WithDeadline(ctx, t.deadline)
	defer cancel()
	values, err := do(ctx, t)
	if err == nil {
		values, err = outputs(operation, values)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no end within %s: %w", runbook.Duration(call.TimeoutSeconds), err)
	}
	if t.once {
		err = settle(err, operation.Risk == runbook.Read)
	}
	return values, err
}

// project is nil for no name.
func (o *Operations) project(name string) (*Project, error) {
	if name == "" {
		return nil, nil
	}
	return o.Projects.Of(name)
}

// ofProject returns the project of a task that needs one.
func (t task) ofProject() (*Project, error) {
	if t.project == nil {
		return nil, Fail(InvalidInput, errors.New("the runbook is about the host and has no services; write scope: project"))
	}
	return t.project, nil
}

// deadline is when an operation that may take limit is to be over. It keeps a little of the activity's own time: an
// operation that Temporal ends can no longer say how far it came.
func deadline(ctx context.Context, limit time.Duration) time.Time {
	limit = max(limit, time.Second)
	end := time.Now().Add(limit)
	if own, ok := ctx.Deadline(); ok {
		if own = own.Add(-min(limit/10, time.Second)); own.Before(end) {
			return own
		}
	}
	return end
}

// settle gives an error of a call that must not be made twice the class by which a person knows whether it
// happened. What was sent and got no answer may have.
func settle(err error, harmless bool) error {
	if err == nil {
		return nil
	}
	class := ""
	if e, ok := errors.AsType[*Error](err); ok {
		class = e.Class
	}
	switch class {
	case InvalidInput, NotFound, PermissionDenied, Conflict, PreconditionFailed, Unknown:
		// The text alone goes on: a cancellation inside would win over the class.
		return Fail(class, errors.New(err.Error()))
	case RateLimited:
		return Fail(PreconditionFailed, errors.New(err.Error()))
	}
	if harmless || errors.Is(err, ErrNotSent) {
		return Fail(PreconditionFailed, errors.New(err.Error()))
	}
	return Fail(Unknown, errors.New(err.Error()))
}

func attempt(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}
