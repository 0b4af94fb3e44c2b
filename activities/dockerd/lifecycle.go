package dockerd

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// Start starts a stopped replica; one that runs is left alone. One that is gone is NotFound.
func (e *Engine) Start(ctx context.Context, id string) error {
	if err := e.api.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return startFailed("start "+shortID(id), err)
	}
	return nil
}

// Stop sends SIGTERM, or the signal that the image names, waits for grace, rounded up to a second,
// and then sends SIGKILL. It returns when the replica has stopped; a caller that reports progress
// does so beside it. One that is gone or stopped is success.
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	seconds := max(0, int(math.Ceil(grace.Seconds())))
	err := e.api.ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return classed("stop "+shortID(id), err)
}

// Remove deletes a replica with its anonymous volumes, whatever its state. One that is gone, or that
// somebody is removing already, is success.
func (e *Engine) Remove(ctx context.Context, id string) error {
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{RemoveVolumes: true, Force: true})
	if errdefs.IsNotFound(err) || err != nil && strings.Contains(err.Error(), "already in progress") {
		return nil
	}
	return classed("remove "+shortID(id), err)
}
