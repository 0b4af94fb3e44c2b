package operations

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func expression(t *testing.T, text string, names condition.Types, want condition.Type) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, names, want)
	require.NoError(t, err)
	return e
}

func constantly(name string, value any) runbook.Filled {
	return runbook.Filled{Name: name, Value: runbook.Value{Constant: value}}
}

func TestReadProbes(t *testing.T) {
	p := &environment{}
	p.replicas = two("exited", "")
	p.value = func(query string) (float64, error) {
		switch query {
		case "up":
			return 0.25, nil
		case "lag":
			return math.NaN(), nil
		}
		return 0, activities.Fail(activities.PreconditionFailed, errors.New("no sample"))
	}
	query := expression(t, `inputs.mode + "_lag"`, condition.Types{"inputs.mode": condition.String}, condition.String)
	begun := time.Now()
	readings, err := p.operations(t).ReadProbes(t.Context(), []runbook.ReadCall{
		{Key: "app", Project: "shop", Uses: "service.state", With: []runbook.Filled{constantly("service", "app")}},
		{Key: "call/up", Uses: "prometheus.query", With: []runbook.Filled{constantly("query", "up")}},
		{Key: "nan", Uses: "prometheus.query", With: []runbook.Filled{constantly("query", "lag")}},
		{
			Key: "computed", Uses: "prometheus.query", With: []runbook.Filled{{Name: "query", Value: runbook.Value{Expression: query}}},
			Names: condition.Values{"inputs.mode": "fast"},
		},
		{Key: "unbound", Uses: "prometheus.query", With: []runbook.Filled{{Name: "query", Value: runbook.Value{Expression: query}}}},
		{Key: "host", Uses: "service.state", With: []runbook.Filled{constantly("service", "app")}},
		{Key: "elsewhere", Project: "bank", Uses: "service.state", With: []runbook.Filled{constantly("service", "app")}},
		{Key: "wrong", Project: "shop", Uses: "service.state"},
		{Key: "write", Project: "shop", Uses: "product.cache_warm"},
		{Key: "workflow", Project: "shop", Uses: "service.scale", With: []runbook.Filled{constantly("service", "app"), constantly("replicas", 2)}},
	})
	require.NoError(t, err, "a fault is not an error")
	require.Len(t, readings, 10)
	for key, r := range readings {
		require.WithinDuration(t, begun, r.At, time.Minute, key)
	}
	require.Equal(t, condition.Values{"replicas": int64(2), "running": int64(1), "healthy": int64(1)}, readings["app"].Values)
	require.Equal(t, condition.Values{"value": 0.25}, readings["call/up"].Values)
	for key, want := range map[string]string{
		"nan":       "value is NaN, no number",
		"computed":  "no sample",
		"unbound":   "query: inputs.mode",
		"host":      "the runbook is about the host and has no services; write scope: project",
		"elsewhere": `this worker serves no project "bank"; it serves shop`,
		"wrong":     "service.state: service is missing",
		"write":     "product.cache_warm is not an operation that only reads",
		"workflow":  "service.scale is not an operation that only reads",
	} {
		require.Contains(t, readings[key].Fault, want)
		require.Empty(t, readings[key].Values, key)
	}
	require.Empty(t, p.orders)
}

func TestReadProbesIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&environment{}).operations(t).ReadProbes(ctx, nil)
	require.Equal(t, context.Canceled, err)
}
