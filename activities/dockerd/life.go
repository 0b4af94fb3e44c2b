package dockerd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// maxLog is how much of the end of a log is looked at, in bytes: far more than is shown, so that what
// is cut off at its front is no part of it.
const maxLog = 256 << 10

// Life returns how a container has lived: how often the engine has restarted it, how it
// ended last; with the end of its log where words is true. One that is gone is NotFound. A log that
// the engine does not keep, as with some logging drivers, has no lines.
func (e *Engine) Life(ctx context.Context, id string, words bool) (scaling.Life, error) {
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return scaling.Life{}, classed("inspect "+shortID(id), err)
	}
	life := scaling.Life{
		State: c.State.Status, Restarts: c.RestartCount,
		ExitCode: c.State.ExitCode, OOMKilled: c.State.OOMKilled,
	}
	life.Created, _ = time.Parse(time.RFC3339Nano, c.Created) // zero is long ago
	if !words {
		return life, nil
	}
	if c.State.Running && c.RestartCount > 0 {
		// Since it runs again the engine says nothing of the end any more but in its events.
		if err := e.lastEnd(ctx, c, &life); err != nil {
			return scaling.Life{}, classed("events of "+strings.TrimPrefix(c.Name, "/"), err)
		}
	}
	text, err := e.log(ctx, c)
	if err != nil {
		return scaling.Life{}, classed("log of "+strings.TrimPrefix(c.Name, "/"), err)
	}
	life.LastLines = lastLines(text, c.Config.Env)
	life.LastCheck = lastCheck(c)
	return life, nil
}

// lastCheck says how a container's last health check failed, such as "exited with 1: connection refused".
func lastCheck(c container.InspectResponse) string {
	if c.State.Health == nil || len(c.State.Health.Log) == 0 {
		return ""
	}
	last := c.State.Health.Log[len(c.State.Health.Log)-1]
	if last == nil || last.ExitCode == 0 {
		return ""
	}
	said := fmt.Sprintf("exited with %d", last.ExitCode)
	if lines := lastLines(last.Output, c.Config.Env); len(lines) > 0 {
		said += ": " + strings.Join(lines, " | ")
	}
	return said
}

// lastEnd fills in how a container that runs again ended last. The engine keeps the last 256 events: where
// the end is not among them any more, nothing is filled in.
func (e *Engine) lastEnd(ctx context.Context, c container.InspectResponse, life *scaling.Life) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // which ends the stream
	now := time.Now()
	ends, faults := e.api.Events(ctx, events.ListOptions{
		Since: c.Created, Until: strconv.FormatInt(now.Unix()+1, 10) + ".0",
		Filters: filters.NewArgs(filters.Arg("container", c.ID), filters.Arg("event", string(events.ActionDie)), filters.Arg("event", string(events.ActionOOM))),
	})
	for {
		select {
		case end := <-ends:
			if code, err := strconv.Atoi(end.Actor.Attributes["exitCode"]); err == nil {
				life.ExitCode = code
			}
			life.OOMKilled = life.OOMKilled || end.Action == events.ActionOOM
		case err := <-faults:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// log returns the end of what a container wrote, both outputs in the order of the engine.
func (e *Engine) log(ctx context.Context, c container.InspectResponse) (string, error) {
	stream, err := e.api.ContainerLogs(ctx, c.ID, container.LogsOptions{
		ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(maxLines),
	})
	if errdefs.IsNotImplemented(err) || err != nil && strings.Contains(err.Error(), "does not support reading") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer stream.Close()
	end := &tail{size: maxLog}
	if c.Config.Tty {
		_, err = io.Copy(end, stream)
	} else {
		_, err = stdcopy.StdCopy(end, end, stream)
	}
	return end.String(), err
}
