package dockerd

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

const mb = 1 << 20

// Inventory returns the host and the replicas of a Compose project in every state, sorted by
// service and number. Running one-off containers of the project count towards OtherReservedMB.
// An engine that cannot be reached is Unavailable, one that refuses this user PermissionDenied.
func (e *Engine) Inventory(ctx context.Context, project string) (scaling.Inventory, error) {
	var host machine
	var now view
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { host, err = e.machine(gctx); return err })
	group.Go(func() (err error) { now, err = e.look(gctx); return err })
	if err := group.Wait(); err != nil {
		return scaling.Inventory{}, err
	}
	inv := scaling.Inventory{
		CPUs:     host.cpus,
		MemoryMB: host.memoryMB,
	}
	var reserved int64
	for _, c := range now.containers {
		if c.Labels[labelProject] == project && isReplica(c.Labels) {
			inv.Replicas = append(inv.Replicas, now.replica(c))
			continue
		}
		if c.State != container.StateRunning {
			continue
		}
		bytes, err := e.reserved(ctx, c.ID)
		if err != nil {
			return scaling.Inventory{}, err
		}
		reserved += bytes
	}
	inv.OtherReservedMB = (reserved + mb - 1) / mb
	slices.SortFunc(inv.Replicas, func(a, b scaling.Replica) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), cmp.Compare(a.Number, b.Number))
	})
	return inv, nil
}

// Replicas returns the containers of a Compose service in every state, in the order of their numbers. Errors
// are those of Inventory.
func (e *Engine) Replicas(ctx context.Context, project, service string) ([]scaling.Replica, error) {
	found, err := e.api.ContainerList(ctx, all(labelProject+"="+project, labelService+"="+service))
	if err != nil {
		return nil, classed("list containers of "+service, err)
	}
	now, err := e.around(ctx, found)
	if err != nil {
		return nil, err
	}
	var out []scaling.Replica
	for _, c := range found {
		if isReplica(c.Labels) {
			out = append(out, now.replica(c))
		}
	}
	slices.SortFunc(out, func(a, b scaling.Replica) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// reserved returns the memory reservation of a container in bytes, 0 when it is gone by now.
func (e *Engine) reserved(ctx context.Context, id string) (int64, error) {
	c, err := e.api.ContainerInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, classed("inspect container", err)
	}
	return c.HostConfig.MemoryReservation, nil
}

// ImageID returns the id of the image that a reference or an id names, "" when the engine has none. Errors are
// those of Inventory; what is no reference is InvalidInput.
func (e *Engine) ImageID(ctx context.Context, image string) (string, error) {
	found, err := e.api.ImageInspect(ctx, image)
	if errdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", classed("inspect image "+image, err)
	}
	return found.ID, nil
}

// plainReplica returns what one line of the engine's list says by itself, without networks.
func plainReplica(c container.Summary) scaling.Replica {
	r := scaling.Replica{
		ID:             c.ID,
		Service:        c.Labels[labelService],
		Number:         number(c.Labels),
		State:          c.State,
		Health:         health(c.Status),
		ImageID:        c.ImageID,
		ConfigHash:     c.Labels[labelHash],
		ComposeVersion: c.Labels[labelVersion],
		MadeBy:         c.Labels[labelRun],
	}
	if len(c.Names) > 0 {
		r.Name = strings.TrimPrefix(c.Names[0], "/")
	}
	for _, m := range c.Mounts {
		if m.Type == mount.TypeVolume && anonymous.MatchString(m.Name) {
			r.AnonymousVolumes = append(r.AnonymousVolumes, m.Destination)
		}
	}
	slices.Sort(r.AnonymousVolumes)
	return r
}

// health reads the health out of a status such as "Up 3 minutes (healthy)": the list of engines
// before API 1.52 holds it nowhere else.
func health(status string) string {
	for _, h := range []struct{ suffix, health string }{
		{"(healthy)", container.Healthy},
		{"(unhealthy)", container.Unhealthy},
		{"(health: starting)", container.Starting},
	} {
		if strings.HasSuffix(status, h.suffix) {
			return h.health
		}
	}
	return ""
}
