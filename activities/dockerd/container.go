package dockerd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
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
	maxWords  = 4 << 10
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
	// A terminal makes one plain stream of both outputs.
	done, err := p.engine.exec(ctx, id, container.ExecOptions{Cmd: []string{"nginx", "-T"}, Tty: true})
	if err != nil {
		return "", classed("nginx -T", err)
	}
	output := strings.ReplaceAll(done.stdout.String(), "\r\n", "\n")
	if done.code != 0 {
		return "", activities.Fail(activities.PreconditionFailed, fmt.Errorf("nginx -t: %s", strings.ToValidUTF8(strings.TrimSpace(output[:min(len(output), maxWords)]), "")))
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
// shutting down included. A router that does not run has none; one that is paused still has them, and is
// Unavailable.
func (p *Process) Workers(ctx context.Context) ([]int, error) {
	found, err := p.containers(ctx)
	if err != nil {
		return nil, err
	}
	c, err := p.pick(found)
	if err != nil && slices.ContainsFunc(found, func(c container.Summary) bool { return c.State == container.StatePaused }) {
		return nil, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // what does not run has no processes
	}
	top, err := p.engine.api.ContainerTop(ctx, c.ID, []string{"-eo", "pid,args"})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil, nil // it has ended since
	}
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

// Place says where the router's container stands on the host's networks.
func (p *Process) Place(ctx context.Context) (scaling.Place, error) {
	now, err := p.engine.look(ctx)
	if err != nil {
		return scaling.Place{}, err
	}
	c, err := p.pick(now.containers)
	if err != nil {
		return scaling.Place{}, err
	}
	return now.place(c), nil
}

// running returns the id of the router's container.
func (p *Process) running(ctx context.Context) (string, error) {
	found, err := p.containers(ctx)
	if err != nil {
		return "", err
	}
	c, err := p.pick(found)
	return c.ID, err
}

// containers are those of the router's service, in every state.
func (p *Process) containers(ctx context.Context) ([]container.Summary, error) {
	found, err := p.engine.api.ContainerList(ctx, all(labelProject+"="+p.project, labelService+"="+p.service))
	return found, classed("look for "+p.service, err)
}

// pick returns the container of the router's service with the lowest number that runs. None at all is
// NotFound, one that is down is Unavailable.
func (p *Process) pick(all []container.Summary) (container.Summary, error) {
	var found []container.Summary
	for _, c := range all {
		if c.Labels[labelProject] == p.project && c.Labels[labelService] == p.service && isReplica(c.Labels) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b container.Summary) int { return number(a.Labels) - number(b.Labels) })
	for _, c := range found {
		if c.State == container.StateRunning {
			return c, nil
		}
	}
	if len(found) == 0 {
		return container.Summary{}, activities.Fail(activities.NotFound, fmt.Errorf(
			"the router, service %s of project %s, has no container; start it with `docker compose up -d --no-deps %s`", p.service, p.project, p.service))
	}
	first, verb := found[0], "start"
	name := plainReplica(first).Name
	if first.State == container.StatePaused {
		verb = "unpause"
	}
	return container.Summary{}, activities.Fail(activities.Unavailable, activities.RouterDown(fmt.Sprintf(
		"the router, service %s of project %s, does not run: its container %s is %s; start it with `docker %s %s`",
		p.service, p.project, name, first.State, verb, name)))
}
