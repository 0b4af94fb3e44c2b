package dockerd

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/reach"
)

// Reach opens a TCP connection to each address from the network namespace of the router's container:
// by going in there, or else, where this process cannot, by a helper container that joins it. One that
// does not answer is PreconditionFailed with its address. activities.ErrNoWayIn says that neither way
// is open.
func (p *Process) Reach(ctx context.Context, addresses []string) error {
	if err := reach.Check(addresses); err != nil {
		return activities.Fail(activities.InvalidInput, err)
	}
	router, err := p.running(ctx)
	if err != nil || len(addresses) == 0 {
		return err
	}
	failures, err := p.engine.reachInside(ctx, router, addresses)
	if outside := err; errors.Is(outside, errOutside) {
		failures, err = p.engine.reachBeside(ctx, router, addresses)
		if errors.Is(err, activities.ErrNoWayIn) {
			return fmt.Errorf("%w; and %w", err, outside)
		}
	}
	if err != nil {
		return classed("look from where "+p.service+" stands", err)
	}
	return activities.Fail(activities.PreconditionFailed, reach.Error(failures))
}
