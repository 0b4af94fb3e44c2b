package dockerd

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
)

func TestPinGPU(t *testing.T) {
	gpu := [][]string{{"gpu"}}
	for name, c := range map[string]struct {
		uuid      string
		have      []container.DeviceRequest
		env       []string
		want      []container.DeviceRequest
		wantedEnv []string
	}{
		"no GPU is asked for":       {have: []container.DeviceRequest{{Driver: "nvidia", Count: -1}}, want: []container.DeviceRequest{{Driver: "nvidia", Count: -1}}},
		"the service asks for none": {uuid: "GPU-b", have: nil, want: nil},
		"the sibling has another": {
			uuid: "GPU-b",
			have: []container.DeviceRequest{{DeviceIDs: []string{"0"}, Capabilities: [][]string{{"gpu", "utility"}}, Options: map[string]string{"a": "b"}}},
			want: []container.DeviceRequest{{DeviceIDs: []string{"GPU-b"}, Capabilities: [][]string{{"gpu", "utility"}}, Options: map[string]string{"a": "b"}}},
		},
		"the sibling has all": {
			uuid: "GPU-b", have: []container.DeviceRequest{{Driver: "nvidia", Count: -1, Capabilities: gpu}},
			want: []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: []string{"GPU-b"}, Capabilities: gpu}},
		},
		"CDI, beside another device": {
			uuid: "GPU-b",
			have: []container.DeviceRequest{{Driver: "cdi", DeviceIDs: []string{"nvidia.com/gpu=0"}}, {Driver: "cdi", DeviceIDs: []string{"vendor.com/net=1"}}},
			want: []container.DeviceRequest{{Driver: "cdi", DeviceIDs: []string{"nvidia.com/gpu=GPU-b"}}, {Driver: "cdi", DeviceIDs: []string{"vendor.com/net=1"}}},
		},
		"two requests": {
			uuid: "GPU-b", have: []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: []string{"0"}}, {Driver: "nvidia", DeviceIDs: []string{"1"}}},
			want: []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: []string{"GPU-b"}}},
		},
		"the runtime's variable": {
			uuid: "GPU-b", env: []string{"A=1", "NVIDIA_VISIBLE_DEVICES=all"}, wantedEnv: []string{"A=1", "NVIDIA_VISIBLE_DEVICES=GPU-b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := &container.Config{Env: c.env}
			host := &container.HostConfig{}
			host.DeviceRequests = c.have
			pinGPU(config, host, c.uuid)
			require.Equal(t, c.want, host.DeviceRequests)
			require.Equal(t, c.wantedEnv, config.Env)
		})
	}
}
