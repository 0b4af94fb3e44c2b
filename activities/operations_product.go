package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

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

// mixed is what replicas say together that do not say the same.
const mixed = "mixed"

// modes are the product's modes, the cheapest first.
var modes = []string{"fast", "balanced", "creative"}

// product returns the replicas that have the product's API and the path of a call. What is not configured is
// NotFound, no running replica PreconditionFailed.
func (o *Operations) product(ctx context.Context, t task, key string) ([]scaling.Replica, string, error) {
	project, err := t.ofProject()
	if err != nil {
		return nil, "", err
	}
	path := project.Admin.Paths.Of(key)
	if path == "" {
		return nil, "", Fail(NotFound, errors.New(noPath(key)))
	}
	replicas, err := o.running(ctx, t, project.Admin.Service)
	if err == nil && len(replicas) == 0 {
		err = Fail(PreconditionFailed, fmt.Errorf("no replica of %s runs", project.Admin.Service))
	}
	return replicas, path, err
}

func noPath(key string) string {
	return fmt.Sprintf("this installation's product has no %s; name its path as %s in admin.paths", strings.ReplaceAll(key, "_", " "), key)
}

// askAll asks every running replica of the product: one that gives no answer leaves nothing to be said.
func askAll[T any](ctx context.Context, o *Operations, t task, key string, call func(ctx context.Context, url string) (T, error)) ([]T, error) {
	replicas, path, err := o.product(ctx, t, key)
	if err != nil {
		return nil, err
	}
	answers := make([]T, len(replicas))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range replicas {
		group.Go(func() (err error) {
			if answers[i], err = call(ctx, address(r, t.project.Admin.Port, path)); err != nil {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
			return nil
		})
	}
	return answers, group.Wait()
}

// order orders the same of every running replica, each of which keeps its own state. All are told, even when
// one of them refuses; the call fails unless all of them accept.
func (o *Operations) order(ctx context.Context, t task, key string, body any) error {
	replicas, path, err := o.product(ctx, t, key)
	if err != nil {
		return NotSent(err)
	}
	errs := make([]error, len(replicas))
	var group errgroup.Group
	for i, r := range replicas {
		group.Go(func() error {
			err := t.project.API.Order(ctx, address(r, t.project.Admin.Port, path), body)
			if t.once {
				err = settle(err, false)
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", r.Name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // every error is in errs
	return worst(errs)
}

// worst is the error of several replicas: its class is that of the one that says most about what to do, its text
// names all of them.
func worst(errs []error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	slices.SortStableFunc(errs, func(a, b error) int { return weight(b) - weight(a) })
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	var class *Error
	if !errors.As(errs[0], &class) {
		return errors.Join(errs...)
	}
	return &Error{Class: class.Class, RetryAfter: class.RetryAfter, Err: errors.New(strings.Join(texts, "; "))}
}

// weight puts what a person must decide first, then what no retry mends, then what has to wait.
func weight(err error) int {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || e.Class == Unavailable || e.Class == WorkerStopping:
		return 0
	case e.Class == RateLimited:
		return 1
	case e.Class == Unknown:
		return 3
	default:
		return 2
	}
}

func (o *Operations) modelHealth(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, o, t, "model_health", func(ctx context.Context, url string) (ModelHealth, error) {
		return t.project.API.ModelHealth(ctx, url, t.text("model"))
	})
	if err != nil {
		return nil, err
	}
	healthy, breakers := true, make([]string, len(answers))
	for i, a := range answers {
		healthy = healthy && a.Healthy
		breakers[i] = a.Breaker
	}
	return condition.Values{"healthy": healthy, "breaker": together(breakers), "replicas": int64(len(answers))}, nil
}

// cacheStats adds up what the replicas say. Without any request the hit rate is 0: whoever judges it looks at
// the number of requests as well.
func (o *Operations) cacheStats(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, o, t, "cache_stats", func(ctx context.Context, url string) (CacheStats, error) { return t.project.API.CacheStats(ctx, url) })
	if err != nil {
		return nil, err
	}
	var hits, requests int64
	bypass := false
	for _, a := range answers {
		hits += a.Hits
		requests += a.Hits + a.Misses
		bypass = bypass || a.Bypass
	}
	return condition.Values{"hit_rate": float64(hits) / float64(max(requests, 1)), "requests": requests, "bypass": bypass}, nil
}

func (o *Operations) downshiftStats(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, o, t, "downshift_stats", func(ctx context.Context, url string) (map[string]string, error) {
		return t.project.API.Downshifts(ctx, url)
	})
	if err != nil {
		return nil, err
	}
	out := condition.Values{}
	for _, mode := range modes {
		served := make([]string, len(answers))
		for i, active := range answers {
			served[i] = mode
			for range modes { // a downshift of a downshift
				if next := active[served[i]]; next != "" {
					served[i] = next
				}
			}
		}
		out[mode] = together(served)
	}
	return out, nil
}

// together is what all of them say, or mixed.
func together(said []string) string {
	if said = slices.Compact(said); len(said) == 1 {
		return said[0]
	}
	return mixed
}

func (o *Operations) breaker(ctx context.Context, t task) (condition.Values, error) {
	return nil, o.order(ctx, t, "breaker", map[string]string{"model": t.text("model"), "state": t.text("state")})
}

func (o *Operations) downshift(ctx context.Context, t task) (condition.Values, error) {
	return nil, o.order(ctx, t, "downshift", map[string]string{"from": t.text("from"), "to": t.text("to")})
}

func (o *Operations) cacheBypass(ctx context.Context, t task) (condition.Values, error) {
	return nil, o.order(ctx, t, "cache_bypass", map[string]any{"enabled": t.with["on"]})
}

func (o *Operations) cacheWarm(ctx context.Context, t task) (condition.Values, error) {
	return nil, o.order(ctx, t, "cache_warm", nil)
}

func (o *Operations) poolReset(ctx context.Context, t task) (condition.Values, error) {
	return nil, o.order(ctx, t, "db_pool_reset", nil)
}
