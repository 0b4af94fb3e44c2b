package dockerd

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// Stats returns the use of one running replica, its processor time measured over about one second.
// One that does not run is PreconditionFailed.
func (e *Engine) Stats(ctx context.Context, id string) (activities.Usage, error) {
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return activities.Usage{}, classed("inspect "+shortID(id), err)
	}
	notRunning := activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s is not running", c.Name))
	if !c.State.Running {
		return activities.Usage{}, notRunning
	}
	// Without streaming the engine takes two samples and answers with both.
	resp, err := e.api.ContainerStats(ctx, id, false)
	if err != nil {
		return activities.Usage{}, classed("stats of "+c.Name, err)
	}
	defer resp.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return activities.Usage{}, classed("read stats of "+c.Name, err)
	}
	if s.CPUStats.SystemUsage <= s.PreCPUStats.SystemUsage || s.PreCPUStats.SystemUsage == 0 {
		// It stopped between the two samples.
		return activities.Usage{}, notRunning
	}
	return usage(s, c.HostConfig.Resources), nil
}

// usage sets two samples against the limits of a replica.
func usage(s container.StatsResponse, limits container.Resources) activities.Usage {
	cpus := float64(s.CPUStats.OnlineCPUs)
	used := float64(s.CPUStats.CPUUsage.TotalUsage) - float64(s.PreCPUStats.CPUUsage.TotalUsage)
	elapsed := float64(s.CPUStats.SystemUsage) - float64(s.PreCPUStats.SystemUsage)
	limit := cpus
	switch {
	case limits.NanoCPUs > 0:
		limit = float64(limits.NanoCPUs) / 1e9
	case limits.CPUQuota > 0 && limits.CPUPeriod > 0:
		limit = float64(limits.CPUQuota) / float64(limits.CPUPeriod)
	}
	u := activities.Usage{}
	if elapsed > 0 && limit > 0 {
		u.CPURatio = max(0, used) / elapsed * cpus / limit
	}
	memory := working(s.MemoryStats)
	u.MemoryMB = int64(memory / mb)
	// The engine reports the memory of the host as the limit of a replica without one.
	if s.MemoryStats.Limit > 0 {
		u.MemoryRatio = float64(memory) / float64(s.MemoryStats.Limit)
	}
	return u
}

// working is used memory without the page cache that the kernel gives back first, in bytes. cgroup
// v1 calls that cache total_inactive_file, v2 inactive_file.
func working(m container.MemoryStats) uint64 {
	cache, ok := m.Stats["total_inactive_file"]
	if !ok {
		cache = m.Stats["inactive_file"]
	}
	if cache >= m.Usage {
		return m.Usage
	}
	return m.Usage - cache
}
