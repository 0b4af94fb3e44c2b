package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// product are the operations of the product's own API, which every replica of its service has.
type product struct{ service service }

// mixed is what replicas say together that do not say the same.
const mixed = "mixed"

// replicas returns those that have the product's API and the path of a call. What is not configured is
// NotFound, no running replica PreconditionFailed.
func (p product) replicas(ctx context.Context, t task, key string) ([]scaling.Replica, string, error) {
	project, err := t.ofProject()
	if err != nil {
		return nil, "", err
	}
	path := project.Admin.Paths.Of(key)
	if path == "" {
		return nil, "", activities.Fail(activities.NotFound, errors.New(noPath(key)))
	}
	replicas, err := p.service.running(ctx, t, project.Admin.Service)
	if err == nil && len(replicas) == 0 {
		err = activities.Fail(activities.PreconditionFailed, fmt.Errorf("no replica of %s runs", project.Admin.Service))
	}
	return replicas, path, err
}

func noPath(key string) string {
	return fmt.Sprintf("this installation's product has no %s; name its path as %s in admin.paths", strings.ReplaceAll(key, "_", " "), key)
}

// refuse returns what keeps a worker from the call of that key.
func (p product) refuse(key string) func(*refusals, use) {
	return func(r *refusals, u use) {
		switch {
		case r.project == nil:
			r.add(u.at, noProject)
		case r.project.Admin.Service == "":
			r.add(u.at, "the configuration does not say where the product's API is; write admin.service")
		case r.project.Admin.Paths.Of(key) == "":
			r.add(u.at, "%s", noPath(key))
		default:
			r.known(u.at, r.project.Admin.Service)
		}
	}
}

// askAll asks every running replica of the product: one that gives no answer leaves nothing to be said.
func askAll[T any](ctx context.Context, p product, t task, key string, call func(ctx context.Context, url string) (T, error)) ([]T, error) {
	replicas, path, err := p.replicas(ctx, t, key)
	if err != nil {
		return nil, err
	}
	answers := make([]T, len(replicas))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range replicas {
		group.Go(func() (err error) {
			if answers[i], err = call(ctx, activities.Address(r, t.project.Admin.Port, path)); err != nil {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
			return nil
		})
	}
	return answers, group.Wait()
}

// order orders the same of every running replica, each of which keeps its own state. All are told, even when
// one of them refuses; the call fails unless all of them accept.
func (p product) order(ctx context.Context, t task, key string, body any) error {
	replicas, path, err := p.replicas(ctx, t, key)
	if err != nil {
		return activities.NotSent(err)
	}
	errs := make([]error, len(replicas))
	var group errgroup.Group
	for i, r := range replicas {
		group.Go(func() error {
			err := t.project.API.Order(ctx, activities.Address(r, t.project.Admin.Port, path), body)
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
	return activities.Worst(errs)
}

func (p product) modelHealth(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, p, t, "model_health", func(ctx context.Context, url string) (activities.ModelHealth, error) {
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
func (p product) cacheStats(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, p, t, "cache_stats", func(ctx context.Context, url string) (activities.CacheStats, error) {
		return t.project.API.CacheStats(ctx, url)
	})
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

func (p product) downshiftStats(ctx context.Context, t task) (condition.Values, error) {
	answers, err := askAll(ctx, p, t, "downshift_stats", func(ctx context.Context, url string) (map[string]string, error) {
		return t.project.API.Downshifts(ctx, url)
	})
	if err != nil {
		return nil, err
	}
	out := condition.Values{}
	for _, mode := range runbook.Modes {
		served := make([]string, len(answers))
		for i, active := range answers {
			served[i] = mode
			for range runbook.Modes { // a downshift of a downshift
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

func (p product) breaker(ctx context.Context, t task) (condition.Values, error) {
	return nil, p.order(ctx, t, "breaker", map[string]string{"model": t.text("model"), "state": t.text("state")})
}

func (p product) downshift(ctx context.Context, t task) (condition.Values, error) {
	return nil, p.order(ctx, t, "downshift", map[string]string{"from": t.text("from"), "to": t.text("to")})
}

func (p product) cacheBypass(ctx context.Context, t task) (condition.Values, error) {
	return nil, p.order(ctx, t, "cache_bypass", map[string]any{"enabled": t.with["on"]})
}

func (p product) cacheWarm(ctx context.Context, t task) (condition.Values, error) {
	return nil, p.order(ctx, t, "cache_warm", nil)
}

func (p product) poolReset(ctx context.Context, t task) (condition.Values, error) {
	return nil, p.order(ctx, t, "db_pool_reset", nil)
}
