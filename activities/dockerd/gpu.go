package dockerd

import (
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
)

const (
	cdiDriver  = "cdi"
	cdiKind    = "nvidia.com/gpu="
	visibleEnv = "NVIDIA_VISIBLE_DEVICES"
)

// pinGPU gives a clone one GPU, by its UUID, in place of those that its sibling asks for. Compose
// cannot do this, and does not look: what it compares has no devices in it. Requests for other
// devices stay, and a service that asks for no GPU gets none: its claim is on what it has loaded in
// somebody else's process.
func pinGPU(config *container.Config, host *container.HostConfig, uuid string) {
	if uuid == "" {
		return
	}
	var out []container.DeviceRequest
	pinned := false
	for _, r := range host.DeviceRequests {
		switch cdi := r.Driver == cdiDriver && slices.ContainsFunc(r.DeviceIDs, isNVIDIA); {
		case !cdi && !asksForGPU(r):
			out = append(out, r)
			continue
		case pinned:
			continue
		case cdi:
			r.DeviceIDs = []string{cdiKind + uuid}
		default:
			r.Count, r.DeviceIDs = 0, []string{uuid}
		}
		pinned = true
		out = append(out, r)
	}
	host.DeviceRequests = out
	// The NVIDIA runtime takes this variable for the container's wish, and it wins.
	config.Env = slices.Clone(config.Env)
	for i, v := range config.Env {
		if strings.HasPrefix(v, visibleEnv+"=") {
			config.Env[i] = visibleEnv + "=" + uuid
		}
	}
}

func isNVIDIA(id string) bool { return strings.HasPrefix(id, cdiKind) }

func asksForGPU(r container.DeviceRequest) bool {
	return r.Driver == "nvidia" || slices.ContainsFunc(r.Capabilities, func(all []string) bool { return slices.Contains(all, "gpu") })
}
