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

// pinGPU gives a clone one GPU, by its UUID, in place of whatever GPUs its sibling asks for. Compose
// cannot do this, and does not look: what it compares has no devices in it. Requests for other
// devices stay.
func pinGPU(config *container.Config, host *container.HostConfig, uuid string) {
	if uuid == "" {
		return
	}
	request := container.DeviceRequest{Driver: "nvidia", DeviceIDs: []string{uuid}, Capabilities: [][]string{{"gpu"}}}
	var kept []container.DeviceRequest
	for _, r := range host.DeviceRequests {
		switch {
		case r.Driver == cdiDriver && slices.ContainsFunc(r.DeviceIDs, func(id string) bool { return strings.HasPrefix(id, cdiKind) }):
			request = container.DeviceRequest{Driver: cdiDriver, DeviceIDs: []string{cdiKind + uuid}}
		case asksForGPU(r):
			request.Capabilities, request.Options = r.Capabilities, r.Options
		default:
			kept = append(kept, r)
		}
	}
	host.DeviceRequests = append(kept, request)
	// The NVIDIA runtime takes this variable for the container's wish, and it wins.
	config.Env = slices.Clone(config.Env)
	for i, v := range config.Env {
		if strings.HasPrefix(v, visibleEnv+"=") {
			config.Env[i] = visibleEnv + "=" + uuid
		}
	}
}

func asksForGPU(r container.DeviceRequest) bool {
	return r.Driver == "nvidia" || slices.ContainsFunc(r.Capabilities, func(all []string) bool { return slices.Contains(all, "gpu") })
}
