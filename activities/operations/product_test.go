package operations

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Each replica keeps its own state, so each is told, and one that is down is not.
func TestOrders(t *testing.T) {
	for uses, c := range map[string]struct {
		with condition.Values
		path string
		body any
	}{
		"product.breaker":       {condition.Values{"model": "qwen_32b", "state": "open"}, "/admin/breaker", map[string]string{"model": "qwen_32b", "state": "open"}},
		"product.downshift":     {condition.Values{"from": "creative", "to": "fast"}, "/admin/downshift", map[string]string{"from": "creative", "to": "fast"}},
		"product.cache_bypass":  {condition.Values{"on": false}, "/admin/cache/bypass", map[string]any{"enabled": false}},
		"product.cache_warm":    {nil, "/admin/cache/warm", nil},
		"product.db_pool_reset": {nil, "/admin/db/pool/reset", nil},
	} {
		t.Run(uses, func(t *testing.T) {
			p := &environment{}
			p.replicas = append(two("running", ""), two("exited", "")[1])
			p.replicas[2].Address = "10.0.0.3"
			result, err := p.operations(t).Act(t.Context(), act(uses, runbook.Write, c.with))
			require.NoError(t, err)
			require.Equal(t, runbook.ActResult{Outcome: runbook.OK, Outputs: condition.Values{}}, result)
			require.Equal(t, map[string]int{"http://10.0.0.1:81" + c.path: 1, "http://10.0.0.2:81" + c.path: 1}, p.ordered)
			require.Equal(t, []any{c.body, c.body}, p.orders)
		})
	}
}

func TestOrderFails(t *testing.T) {
	no := errors.New("no")
	one := func(err error) func(string) error {
		return func(url string) error {
			if url == "http://10.0.0.2:81/admin/cache/warm" {
				return err
			}
			return nil
		}
	}
	both := func(a, b error) func(string) error {
		return func(url string) error {
			if url == "http://10.0.0.2:81/admin/cache/warm" {
				return b
			}
			return a
		}
	}
	for name, c := range map[string]struct {
		order func(string) error
		class string
		once  string // when it must not be done twice
	}{
		"one of two":             {one(activities.Fail(activities.Unavailable, no)), activities.Unavailable, activities.Unknown},
		"one was never told":     {one(activities.NotSent(activities.Fail(activities.Unavailable, no))), activities.Unavailable, activities.PreconditionFailed},
		"one says never":         {both(activities.Fail(activities.Unavailable, no), activities.Fail(activities.PermissionDenied, no)), activities.PermissionDenied, activities.Unknown},
		"one is busy":            {both(activities.NotSent(activities.Fail(activities.Unavailable, no)), &activities.Error{Class: activities.RateLimited, RetryAfter: time.Minute, Err: no}), activities.RateLimited, activities.PreconditionFailed},
		"an error with no class": {one(no), activities.Unavailable, activities.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{order: c.order}
			p.replicas = two("running", "")
			call := act("product.cache_warm", runbook.Write, nil)
			_, err := p.operations(t).Act(t.Context(), call)
			require.Equal(t, c.class, class(t, err))
			require.ErrorContains(t, err, "shop-app-2: no")
			require.Len(t, p.orders, 2, "the other one is told all the same")
			if c.class == activities.RateLimited {
				var app *temporal.ApplicationError
				require.ErrorAs(t, err, &app)
				require.Equal(t, time.Minute, app.NextRetryDelay())
			}
			call.Idempotent = false
			_, err = p.operations(t).Act(t.Context(), call)
			require.Equal(t, c.once, class(t, err))
		})
	}
}

func TestNoProduct(t *testing.T) {
	p := &environment{}
	o := p.operations(t)
	_, err := o.Act(t.Context(), act("product.cache_warm", runbook.Write, nil))
	require.Equal(t, activities.PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "no replica of app runs")

	o.projects["shop"].Admin.Paths.DBPoolReset = ""
	_, err = o.Act(t.Context(), act("product.db_pool_reset", runbook.Write, nil))
	require.Equal(t, activities.NotFound, class(t, err))
	require.ErrorContains(t, err, "this installation's product has no db pool reset; name its path as db_pool_reset in admin.paths")

	o.projects["shop"].Admin = config.Admin{}
	_, err = o.Act(t.Context(), act("product.cache_warm", runbook.Write, nil))
	require.Equal(t, activities.NotFound, class(t, err))
}

func TestModelHealth(t *testing.T) {
	well, down := activities.ModelHealth{Healthy: true, Breaker: "closed"}, activities.ModelHealth{Breaker: "open"}
	for name, c := range map[string]struct {
		second activities.ModelHealth
		err    error
		want   condition.Values
	}{
		"well":            {well, nil, condition.Values{"healthy": true, "breaker": "closed", "replicas": int64(2)}},
		"down for one":    {activities.ModelHealth{Breaker: "closed"}, nil, condition.Values{"healthy": false, "breaker": "closed", "replicas": int64(2)}},
		"not of one mind": {down, nil, condition.Values{"healthy": false, "breaker": "mixed", "replicas": int64(2)}},
		"no answer":       {well, activities.Fail(activities.Unavailable, errors.New("no answer")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{}
			p.replicas = two("running", "")
			p.health = func(url string) (activities.ModelHealth, error) {
				if url == "http://10.0.0.2:81/health/llm" {
					return c.second, c.err
				}
				return well, nil
			}
			result, err := p.operations(t).Act(t.Context(), act("product.model_health", runbook.Read, condition.Values{"model": "m"}))
			if c.err != nil {
				require.ErrorContains(t, err, "shop-app-2: no answer")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, result.Outputs)
		})
	}
}

func TestStatistics(t *testing.T) {
	p := &environment{}
	p.replicas = two("running", "")
	read := func(uses string) condition.Values {
		result, err := p.operations(t).Act(t.Context(), act(uses, runbook.Read, nil))
		require.NoError(t, err)
		return result.Outputs
	}
	require.Equal(t, condition.Values{"hit_rate": 0.0, "requests": int64(0), "bypass": false}, read("product.cache_stats"))
	p.cache = map[string]activities.CacheStats{
		"http://10.0.0.1:81/admin/cache/stats": {Hits: 3, Misses: 1},
		"http://10.0.0.2:81/admin/cache/stats": {Hits: 0, Misses: 4, Bypass: true},
	}
	require.Equal(t, condition.Values{"hit_rate": 0.375, "requests": int64(8), "bypass": true}, read("product.cache_stats"))

	require.Equal(t, condition.Values{"fast": "fast", "balanced": "balanced", "creative": "creative"}, read("product.downshift_stats"))
	p.shifts = map[string]map[string]string{
		"http://10.0.0.1:81/admin/downshift/stats": {"creative": "balanced", "balanced": "fast"},
		"http://10.0.0.2:81/admin/downshift/stats": {"creative": "fast"},
	}
	require.Equal(t, condition.Values{"fast": "fast", "balanced": "mixed", "creative": "fast"}, read("product.downshift_stats"))
}
