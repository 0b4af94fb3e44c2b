package dockerd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// Process is the nginx that runs as a service of a Compose project.
type Process struct {
	engine           *Engine
	project, service string
}

// NewProcess returns the nginx of a service. It is looked up at each call, because Compose may have
// recreated its container since the last.
func NewProcess(e *Engine, project, service string) *Process {
	return &Process{engine: e, project: project, service: service}
}

const (
	// execWithin bounds a test of the configuration, which looks up host names.
	execWithin = 30 * time.Second
	// maxOutput is how much of a command's output is kept, in bytes: a configuration with a thousand
	// server blocks is below it. maxWords is how much of it an error repeats.
	maxOutput = 8 << 20
	maxWords  = 16 << 10
)

// Test runs `nginx -T` in the container and returns what it prints: the configuration with all that
// it includes. A configuration that fails is PreconditionFailed with nginx's own lines.
func (p *Process) Test(ctx context.Context) (config string, err error) {
	id, err := p.running(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, execWithin)
	defer cancel()
	output, code, err := p.engine.exec(ctx, id, "nginx", "-T")
	if err != nil {
		return "", err
	}
	if code != 0 {
		return "", activities.Fail(activities.PreconditionFailed, fmt.Errorf("nginx -t: %s", strings.TrimSpace(output[:min(len(output), maxWords)])))
	}
	return output, nil
}

// Reload makes nginx read its configuration: the old workers finish what they have.
func (p *Process) Reload(ctx context.Context) error {
	id, err := p.running(ctx)
	if err != nil {
		return err
	}
	return classed("reload "+p.service, p.engine.api.ContainerKill(ctx, id, "HUP"))
}

// Workers returns the process ids, as the host counts them, of nginx's workers, those that are
// shutting down included.
func (p *Process) Workers(ctx context.Context) ([]int, error) {
	id, err := p.running(ctx)
	if err != nil {
		return nil, err
	}
	top, err := p.engine.api.ContainerTop(ctx, id, []string{"-eo", "pid,args"})
	if err != nil {
		return nil, classed("processes of "+p.service, err)
	}
	return workers(top.Processes)
}

// workers reads rows of "pid, args". A zombie has no such title and is not counted.
func workers(rows [][]string) ([]int, error) {
	var pids []int
	for _, row := range rows {
		if len(row) != 2 || !strings.HasPrefix(row[1], "nginx: worker process") {
			continue
		}
		pid, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, fmt.Errorf("process id of a worker: %w", err)
		}
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids, nil
}

// running returns the id of the container with the lowest number that runs. None at all is NotFound,
// one that is down is Unavailable.
func (p *Process) running(ctx context.Context) (string, error) {
	found, err := p.engine.api.ContainerList(ctx, all(labelProject+"="+p.project, labelService+"="+p.service))
	if err != nil {
		return "", classed("look for "+p.service, err)
	}
	found = slices.DeleteFunc(found, func(c container.Summary) bool { return !isReplica(c.Labels) })
	slices.SortFunc(found, func(a, b container.Summary) int { return number(a.Labels) - number(b.Labels) })
	for _, c := range found {
		if c.State == container.StateRunning {
			return c.ID, nil
		}
	}
	if len(found) == 0 {
		return "", activities.Fail(activities.NotFound, fmt.Errorf("no container of service %s in project %s", p.service, p.project))
	}
	return "", activities.Fail(activities.Unavailable, fmt.Errorf("service %s in project %s is %s", p.service, p.project, found[0].State))
}

// exec runs a command in a container and returns what it wrote and its exit code.
func (e *Engine) exec(ctx context.Context, id string, command ...string) (output string, code int, err error) {
	doing := strings.Join(command, " ")
	// A terminal makes one plain stream of both outputs.
	created, err := e.api.ContainerExecCreate(ctx, id, container.ExecOptions{
		Cmd: command, Tty: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", 0, classed(doing, err)
	}
	stream, err := e.api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Tty: true})
	if err != nil {
		return "", 0, classed(doing, err)
	}
	defer stream.Close()
	// Reading a hijacked connection does not heed the context.
	defer context.AfterFunc(ctx, stream.Close)()
	text, err := io.ReadAll(io.LimitReader(stream.Reader, maxOutput))
	if err == nil {
		// Read on to the end: a full pipe would keep the command from ending.
		_, err = io.Copy(io.Discard, stream.Reader)
	}
	if ctx.Err() != nil {
		return "", 0, classed(doing, ctx.Err())
	}
	if err != nil {
		return "", 0, classed(doing, err)
	}
	if code, err = e.exitCode(ctx, created.ID); err != nil {
		return "", 0, classed(doing, err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n"), code, nil
}

// exitCode waits for the end of a command, which the engine may notice a little after its output
// has ended.
func (e *Engine) exitCode(ctx context.Context, exec string) (int, error) {
	for {
		state, err := e.api.ContainerExecInspect(ctx, exec)
		if err != nil || !state.Running {
			return state.ExitCode, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
