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

// The kinds of hooks, as a Compose file names them.
const (
	postStart = "post_start"
	preStop   = "pre_stop"
)

// runHooks runs a service's hooks of one kind in a container, one after the other, as Compose does. One that does
// not exit with 0 is PreconditionFailed with the end of what it wrote to its standard error, else to its standard
// output, where the engine also says why it could not be run; the rest do not run.
func (e *Engine) runHooks(ctx context.Context, c container.InspectResponse, kind string, hooks []activities.Hook) error {
	for i, h := range hooks {
		name := fmt.Sprintf("%s hook %d of %d%s in %s", kind, i+1, len(hooks), program(h), strings.TrimPrefix(c.Name, "/"))
		done, err := e.exec(ctx, c.ID, container.ExecOptions{
			Cmd: h.Command, User: h.User, Privileged: h.Privileged, Env: h.Environment, WorkingDir: h.WorkingDir, Tty: h.TTY,
		})
		if err != nil {
			return classed(name, err)
		}
		if done.code == 0 {
			continue
		}
		text := fmt.Sprintf("%s exited with status %d", name, done.code)
		environment := slices.Concat(c.Config.Env, h.Environment)
		lines := lastLines(done.stderr.String(), environment)
		if len(lines) == 0 {
			lines = lastLines(done.stdout.String(), environment)
		}
		if len(lines) > 0 {
			text += ": " + strings.Join(lines, "\n")
		}
		return activities.Fail(activities.PreconditionFailed, errors.New(text))
	}
	return nil
}

// program names what a hook runs, without the arguments, which may hold secrets.
func program(h activities.Hook) string {
	if len(h.Command) == 0 {
		return ""
	}
	return " (" + h.Command[0] + ")"
}

// leaving runs the hooks of a container that is about to be stopped. One that has gone or ended in the
// meantime has nothing to run them in.
func (e *Engine) leaving(ctx context.Context, c container.InspectResponse, hooks []activities.Hook) error {
	err := e.runHooks(ctx, c, preStop, hooks)
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}
