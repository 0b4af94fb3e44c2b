package dockerd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// Restart stops a replica and starts it, or starts one that is stopped. With a grace of 0 the container's own
// holds. The engine carries a restart to its end even when nobody waits for it any more, so an error says
// whether the call left this host: activities.ErrNotSent when it did not, Unknown when it did and there
// was no answer. What the engine answers is final.
func (e *Engine) Restart(ctx context.Context, id string, grace time.Duration) error {
	doing := "restart " + shortID(id)
	// A first call may have to ask which version the engine speaks, which would pass for the restart.
	if _, err := e.api.ContainerInspect(ctx, id); err != nil {
		return activities.NotSent(classed(doing, err))
	}
	var sent, answered atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders:         func() { sent.Store(true) },
		GotFirstResponseByte: func() { answered.Store(true) },
	})
	options := container.StopOptions{}
	if grace > 0 {
		seconds := int(math.Ceil(grace.Seconds()))
		options.Timeout = &seconds
	}
	err := e.api.ContainerRestart(traced, id, options)
	switch {
	case err == nil:
		return nil
	case !sent.Load():
		return activities.NotSent(classed(doing, err))
	case !answered.Load():
		return activities.Fail(activities.Unknown, fmt.Errorf("%s: no answer: %w", doing, err))
	}
	failed, ok := errors.AsType[*activities.Error](startFailed(doing, err))
	if !ok || failed.Class == activities.Unavailable {
		return activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s: %w", doing, err))
	}
	return failed
}
