package operations

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// reads is what an operation that only reads gives, or the error.
func reads(t *testing.T, p *environment, uses string, with condition.Values) (condition.Values, error) {
	t.Helper()
	result, err := p.operations(t).Act(t.Context(), act(uses, runbook.Read, with))
	if err == nil {
		require.Equal(t, runbook.OK, result.Outcome)
	}
	return result.Outputs, err
}

func TestState(t *testing.T) {
	counts := func(replicas, running, healthy int64) condition.Values {
		return condition.Values{"replicas": replicas, "running": running, "healthy": healthy}
	}
	bad := func(url string) (int, error) {
		if url == "http://10.0.0.2:80/health" {
			return 503, nil
		}
		return 200, nil
	}
	for name, c := range map[string]struct {
		service  string
		replicas []scaling.Replica
		status   func(string) (int, error)
		want     condition.Values
	}{
		"well":               {"app", two("running", ""), nil, counts(2, 2, 2)},
		"one is down":        {"app", two("exited", ""), nil, counts(2, 1, 1)},
		"its own check":      {"app", two("running", "unhealthy"), nil, counts(2, 2, 1)},
		"its path":           {"app", two("running", ""), bad, counts(2, 2, 1)},
		"does not answer":    {"app", two("running", ""), func(string) (int, error) { return 0, errors.New("refused") }, counts(2, 2, 0)},
		"no path, no check":  {"redis", []scaling.Replica{{ID: "r", Service: "redis", State: "running"}}, bad, counts(1, 1, 1)},
		"no path, a check":   {"redis", []scaling.Replica{{ID: "r", Service: "redis", State: "running", Health: "starting"}}, bad, counts(1, 1, 0)},
		"there is none":      {"redis", nil, nil, counts(0, 0, 0)},
		"others do not show": {"redis", two("running", ""), nil, counts(0, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{}
			p.replicas, p.status = c.replicas, c.status
			got, err := reads(t, p, "service.state", condition.Values{"service": c.service})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := reads(t, &environment{}, "service.state", condition.Values{"service": "ap"})
	require.Equal(t, activities.NotFound, class(t, err))
	require.ErrorContains(t, err, `the Compose project shop has no service "ap"`)
}

func TestUsage(t *testing.T) {
	p := &environment{usage: map[string]activities.Usage{"a": {CPURatio: 0.5, MemoryRatio: 0.25}, "b": {CPURatio: 1.0, MemoryRatio: 0.75}}}
	p.replicas = two("running", "")
	got, err := reads(t, p, "service.usage", condition.Values{"service": "app"})
	require.NoError(t, err)
	require.Equal(t, condition.Values{"cpu_ratio": 0.75, "memory_ratio": 0.5}, got)
	_, err = reads(t, p, "service.usage", condition.Values{"service": "redis"})
	require.ErrorContains(t, err, "no replica of redis runs")
}

func TestConnect(t *testing.T) {
	p := &environment{}
	p.replicas = two("running", "")
	var dialled []string
	p.dial = func(protocol, address string) error {
		p.lock.Lock()
		defer p.lock.Unlock()
		dialled = append(dialled, protocol+" "+address)
		return nil
	}
	got, err := reads(t, p, "service.connect", condition.Values{"service": "app", "port": 6379, "protocol": "redis"})
	require.NoError(t, err)
	require.Equal(t, true, got["reachable"])
	require.Empty(t, got["reason"])
	require.ElementsMatch(t, []string{"redis 10.0.0.1:6379", "redis 10.0.0.2:6379"}, dialled)

	p.dial = func(_, address string) error {
		if address == "10.0.0.2:6379" {
			return errors.New("refused")
		}
		return nil
	}
	got, err = reads(t, p, "service.connect", condition.Values{"service": "app", "port": 6379})
	require.NoError(t, err, "who cannot be reached is the answer")
	require.Equal(t, false, got["reachable"])
	require.Equal(t, "shop-app-2: refused", got["reason"])

	got, err = reads(t, p, "service.connect", condition.Values{"service": "redis", "port": 6379})
	require.NoError(t, err)
	require.Equal(t, condition.Values{"reachable": false, "seconds": 0.0, "reason": "no replica of redis runs"}, got)

	_, err = reads(t, p, "service.connect", condition.Values{"service": "app", "port": 6379, "protocol": "http"})
	require.ErrorContains(t, err, `protocol is "http"; write one of [tcp postgres redis]`)

	_, err = reads(t, p, "service.connect", condition.Values{"service": "app", "port": 65536})
	require.Equal(t, activities.InvalidInput, class(t, err))
}

func TestMetric(t *testing.T) {
	p := &environment{}
	p.replicas = two("running", "")
	p.gauge = func(n int) (float64, bool, error) { return float64(n), n != 2, nil }
	got, err := reads(t, p, "service.metric", condition.Values{"service": "app", "metric": "queue"})
	require.NoError(t, err)
	require.Contains(t, []any{1.0, 3.0}, got["value"], "one of them lacks it")

	p.gauge = func(int) (float64, bool, error) { return 0, false, nil }
	_, err = reads(t, p, "service.metric", condition.Values{"service": "app", "metric": "queue"})
	require.Equal(t, activities.NotFound, class(t, err))
	require.ErrorContains(t, err, `no replica of app has the metric "queue"`)

	p.gauge = func(int) (float64, bool, error) {
		return 0, false, activities.Fail(activities.Unavailable, errors.New("refused"))
	}
	_, err = reads(t, p, "service.metric", condition.Values{"service": "app", "metric": "queue"})
	require.Equal(t, activities.Unavailable, class(t, err))

	_, err = reads(t, p, "service.metric", condition.Values{"service": "redis", "metric": "queue"})
	require.Equal(t, activities.InvalidInput, class(t, err))
	require.ErrorContains(t, err, "the configuration has no services.redis.metrics")
}
