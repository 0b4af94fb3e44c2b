package operations

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

const (
	// readWithin is how long one reading may take.
	readWithin = 10 * time.Second
	// readParallel is how many readings are taken at once: a system in trouble is not helped by a crowd.
	readParallel = 8
)

// ReadProbes reads probes, all at once. One that cannot be read is a reading with its fault and no
// value: what needs it then fails closed.
func (o *Operations) ReadProbes(ctx context.Context, calls []runbook.ReadCall) (map[string]runbook.Reading, error) {
	defer activities.Heartbeat(ctx)()
	readings := o.read(ctx, calls)
	return readings, activities.Classify(ctx, ctx.Err())
}

func (o *Operations) read(ctx context.Context, calls []runbook.ReadCall) map[string]runbook.Reading {
	var mu sync.Mutex
	readings := map[string]runbook.Reading{}
	var group errgroup.Group
	group.SetLimit(readParallel)
	for _, call := range calls {
		group.Go(func() error {
			at := time.Now().UTC() // what it says is at least as young as this
			reading := runbook.Reading{At: at}
			with, err := runbook.Arguments(call.With, func(f runbook.Filled) (any, error) { return f.Value.Expression.Evaluate(call.Names, at) })
			if err == nil {
				reading.Values, err = o.readOne(ctx, call.Project, call.Uses, with)
			}
			if err != nil {
				reading.Fault = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			readings[call.Key] = reading
			return nil
		})
	}
	_ = group.Wait() // a fault is no error
	return readings
}

// readOne does one operation that changes nothing.
func (o *Operations) readOne(ctx context.Context, project, uses string, given condition.Values) (condition.Values, error) {
	e, with, err := o.arguments(uses, given)
	if err != nil {
		return nil, err
	}
	if e.Risk != runbook.Read || e.do == nil {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%s is not an operation that only reads", uses))
	}
	of, err := o.project(project)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	values, err := e.do(bounded, task{project: of, with: with, risk: runbook.Read})
	switch {
	case err != nil && bounded.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("no answer within %s: %w", readWithin, err)
	case err != nil:
		return nil, err
	}
	return e.outputs(values)
}
