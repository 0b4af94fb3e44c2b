package dockerd

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

const mb = 1 << 20

// Inventory returns the host and the replicas of a Compose project in every state, sorted by
// service and number. Running one-off containers of the project count towards OtherReservedMB.
func (e *Engine) Inventory(ctx context.Context, project string) (scaling.Inventory, error) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return scaling.Inventory{}, classed("engine info", err)
	}
	inv := scaling.Inventory{
		EngineVersion: info.ServerVersion,
		APIVersion:    e.api.ClientVersion(),
		CPUs:          info.NCPU,
		MemoryMB:      info.MemTotal / mb,
	}
	containers, err := e.api.ContainerList(ctx, all())
	if err != nil {
		return scaling.Inventory{}, classed("list containers", err)
	}
	var reserved int64
	for _, c := range containers {
		if c.Labels[labelProject] == project && isReplica(c.Labels) {
			inv.Replicas = append(inv.Replicas, replica(c))
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

// ImagePresent says whether the engine holds an image of that reference or id.
func (e *Engine) ImagePresent(ctx context.Context, image string) (bool, error) {
	_, err := e.api.ImageInspect(ctx, image)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, classed("inspect image "+image, err)
	}
	return true, nil
}

// replica turns one line of the engine's list into what scaling knows of a container.
func replica(c container.Summary) scaling.Replica {
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
	if c.NetworkSettings != nil && r.Running() {
		r.Address = address(c.NetworkSettings.Networks)
	}
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

// address returns the IPv4 address on the first network by name that has given one.
func address(networks map[string]*network.EndpointSettings) string {
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if n := networks[name]; n != nil && n.IPAddress != "" {
			return n.IPAddress
		}
	}
	return ""
}
