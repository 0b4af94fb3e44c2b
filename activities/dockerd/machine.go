package dockerd

import "context"

// machine is what the engine's host has.
type machine struct {
	cpus     int
	memoryMB int64
}

// machine asks for it once: that takes longer than anything else that a plan asks, and no engine gets other hardware
// while it runs.
func (e *Engine) machine(ctx context.Context) (machine, error) {
	if known := e.host.Load(); known != nil {
		return *known, nil
	}
	info, err := e.api.Info(ctx)
	if err != nil {
		return machine{}, classed("engine info", err)
	}
	host := machine{cpus: info.NCPU, memoryMB: info.MemTotal / mb}
	e.host.Store(&host)
	return host, nil
}
