package operations

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// entry is all that there is of one operation.
type entry struct {
	// Operation is what it takes and gives, as internal/runbook declares it: lint works without a worker.
	runbook.Operation
	work
}

// work is this worker's part of an operation.
type work struct {
	// do does it; nil where the run does it by a workflow of its own.
	do doer
	// refuse adds to the refusals what this worker does not have that a use needs. What only a run can tell, such as a
	// service named by a probe, is left to the run.
	refuse func(r *refusals, u use)
}

// doer does an operation. Its values are those of the operation's outputs.
type doer func(ctx context.Context, t task) (condition.Values, error)

// tableOf returns the table of all operations by name.
func tableOf(o Options) (map[string]entry, error) {
	s := service{o.Replicas, o.Dialer}
	p := product{s}
	return match(runbook.Operations(), map[string]work{
		"command.run":             {host{o.Commands, o.Runner}.run, host{o.Commands, o.Runner}.refuse},
		"gpu.headroom":            {gpus{o.GPUs}.headroom, gpus{o.GPUs}.refuse},
		"product.breaker":         {p.breaker, p.refuse("breaker")},
		"product.cache_bypass":    {p.cacheBypass, p.refuse("cache_bypass")},
		"product.cache_stats":     {p.cacheStats, p.refuse("cache_stats")},
		"product.cache_warm":      {p.cacheWarm, p.refuse("cache_warm")},
		"product.db_pool_reset":   {p.poolReset, p.refuse("db_pool_reset")},
		"product.downshift":       {p.downshift, p.refuse("downshift")},
		"product.downshift_stats": {p.downshiftStats, p.refuse("downshift_stats")},
		"product.model_health":    {p.modelHealth, p.refuse("model_health")},
		"prometheus.query":        {prometheus{o.Metrics}.query, prometheus{o.Metrics}.refuse},
		"service.connect":         {s.connect, s.refuse},
		"service.metric":          {s.metric, s.refuseMetric},
		"service.restart":         {nil, s.refuse},
		"service.scale":           {nil, s.refuse},
		"service.state":           {s.state, s.refuse},
		"service.usage":           {s.usage, s.refuse},
	})
}

// match gives each operation its work. The error names one that has none, and work that is nobody's.
func match(declared []runbook.Operation, works map[string]work) (map[string]entry, error) {
	table, left := map[string]entry{}, maps.Clone(works)
	for _, operation := range declared {
		w, ok := works[operation.Name]
		if !ok {
			return nil, fmt.Errorf("operation %s is declared, and nothing here does it", operation.Name)
		}
		if operation.Workflow == (w.do != nil) {
			return nil, fmt.Errorf("operation %s is done by an activity or by a workflow, and not by both or none", operation.Name)
		}
		table[operation.Name] = entry{operation, w}
		delete(left, operation.Name)
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("operations %v are done here, and not declared", slices.Sorted(maps.Keys(left)))
	}
	return table, nil
}
