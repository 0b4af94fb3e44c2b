package dockerd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// runHooks runs a service's hooks in a container, one after the other, as Compose does. One that does
// not exit with 0 is PreconditionFailed with the end of what it wrote to its standard error, and the
// rest do not run.
func (e *Engine) runHooks(ctx context.Context, c container.InspectResponse, hooks []activities.Hook) error {
	for _, h := range hooks {
		done, err := e.exec(ctx, c.ID, container.ExecOptions{
			Cmd: h.Command, User: h.User, Privileged: h.Privileged, Env: h.Environment, WorkingDir: h.WorkingDir, Tty: h.TTY,
		})
		if err != nil {
			return classed("hook in "+strings.TrimPrefix(c.Name, "/"), err)
		}
		if done.code == 0 {
			continue
		}
		said := done.stderr.String()
		if h.TTY {
			said = done.stdout.String()
		}
		text := fmt.Sprintf("%s hook exited with status %d", c.Config.Labels[labelService], done.code)
		if lines := lastLines(said, slices.Concat(c.Config.Env, h.Environment)); len(lines) > 0 {
			text += ": " + strings.Join(lines, "\n")
		}
		return activities.Fail(activities.PreconditionFailed, errors.New(text))
	}
	return nil
}

// leaving runs the hooks of a container that is about to be stopped. One that has gone or ended in the
// meantime has nothing to run them in.
func (e *Engine) leaving(ctx context.Context, c container.InspectResponse, hooks []activities.Hook) error {
	err := e.runHooks(ctx, c, hooks)
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}
