package activities

import (
	"context"
	"errors"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Operations is what a plan asks of a host's operations: it reads, and changes nothing. activities/operations
// implements it, and does operations beside that.
type Operations interface {
	// Refusals names everything of a runbook that this worker cannot do, one line each.
	Refusals(ctx context.Context, project string, d runbook.Definition) ([]string, error)
	// CommandLines are the commands of the configuration that a program runs, by name.
	CommandLines(p runbook.Program) map[string]runbook.CommandLine
	// ReadProbes reads probes; one that cannot be read is a reading with its fault.
	ReadProbes(ctx context.Context, calls []runbook.ReadCall) (map[string]runbook.Reading, error)
	// Watch looks until it knows whether a condition holds.
	Watch(ctx context.Context, call runbook.WatchCall) (runbook.WatchResult, error)
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
	// ErrNotSent. When ctx ends first the program is killed with its process group, and the error is Unknown.
	Run(ctx context.Context, argv []string) (status int, err error)
}

// ProductAPI is the product's admin API on one replica. activities/admin implements it; it gives up after 10
// seconds and reads at most 1 MiB. No error repeats an answer, which may hold secrets. A path or a thing that
// the replica does not know is NotFound; an answer of another form is PreconditionFailed; an error of a call that
// never left is marked with ErrNotSent.
type ProductAPI interface {
	ModelHealth(ctx context.Context, url, model string) (ModelHealth, error)
	CacheStats(ctx context.Context, url string) (CacheStats, error)
	// Downshifts returns the modes that are served as another one, with that one.
	Downshifts(ctx context.Context, url string) (map[string]string, error)
	// Order POSTs body as JSON; a nil body is none.
	Order(ctx context.Context, url string, body any) error
}

// ModelHealth is what a replica says of a model.
type ModelHealth struct {
	Healthy bool
	// Breaker is open or closed.
	Breaker string
}

// CacheStats is what a replica says of its cache, over all modes since it started.
type CacheStats struct {
	Hits, Misses int64
	Bypass       bool
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
