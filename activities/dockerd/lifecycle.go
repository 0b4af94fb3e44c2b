package dockerd

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// Start starts a stopped replica and runs its post_start hooks. One that runs is left alone, except where
// again says that an earlier attempt may have started it and not come to its hooks: then they run, perhaps
// for the second time. One that is gone is NotFound, a hook that fails PreconditionFailed: the replica runs
// on then.
func (e *Engine) Start(ctx context.Context, id string, hooks []activities.Hook, again bool) error {
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return classed("inspect "+shortID(id), err)
	}
	if c.State.Running && !again {
		return nil
	}
	if !c.State.Running {
		if err := e.start(ctx, id, "start "+strings.TrimPrefix(c.Name, "/")); err != nil {
			return err
		}
	}
	return e.runHooks(ctx, c, postStart, hooks)
}

// The exit codes that the engine gives to a container whose command could not be run.
const (
	cannotExecute   = 126
	commandNotFound = 127
)

// start starts a container. What can never succeed gets a class that is not retried; where the
// engine's words do not tell, the exit code may.
func (e *Engine) start(ctx context.Context, id, doing string) error {
	err := e.api.ContainerStart(ctx, id, container.StartOptions{})
	if err == nil {
		return nil
	}
	failed := startFailed(doing, err)
	if hasClass(failed) || ctx.Err() != nil {
		return failed
	}
	c, lookErr := e.api.ContainerInspect(ctx, id)
	if lookErr == nil && (c.State.ExitCode == cannotExecute || c.State.ExitCode == commandNotFound) {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%s: its command cannot be run: %w", doing, err))
	}
	return failed
}

// Stop lets a paused replica go on, runs its pre_stop hooks, sends SIGTERM, or the signal that the
// image names, waits for grace, rounded up to a second, and then sends SIGKILL. It returns when the
// replica has stopped; a caller that reports progress does so beside it. A cancellation reaches it up to
// the signal, which cannot be taken back: after that the replica is leaving, and is waited for. One that is
// gone or stopped is success and runs no hook. A hook that fails is PreconditionFailed, and the replica runs on.
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration, hooks []activities.Hook) error {
	c, err := e.api.ContainerInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return classed("stop "+shortID(id), err)
	}
	doing := "stop " + strings.TrimPrefix(c.Name, "/")
	if c.State.Paused {
		// It could neither run a hook nor finish what it has.
		if err := e.api.ContainerUnpause(ctx, id); err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			return classed("unpause, to "+doing, err)
		}
	}
	if c.State.Running && !c.State.Restarting {
		if err := e.leaving(ctx, c, hooks); err != nil && e.runs(ctx, id) {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	seconds := max(0, int(math.Ceil(grace.Seconds())))
	// Whoever undoes the stop would else find a replica that still runs, leave it alone, and lose it.
	alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace+aloneWithin)
	defer cancel()
	err = e.api.ContainerStop(alone, id, container.StopOptions{Timeout: &seconds})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return classed(doing, err)
}

// runs says whether a container runs; where that cannot be told it is taken to.
func (e *Engine) runs(ctx context.Context, id string) bool {
	c, err := e.api.ContainerInspect(ctx, id)
	return err != nil && !errdefs.IsNotFound(err) || err == nil && c.State.Running
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
