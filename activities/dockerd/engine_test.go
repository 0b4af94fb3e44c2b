package dockerd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func classOf(err error) string {
	if e, ok := errors.AsType[*activities.Error](err); ok {
		return e.Class
	}
	return ""
}

func TestUnreachable(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "no.sock"))
	e, err := New()
	require.NoError(t, err)
	_, _, err = e.Version(t.Context())
	require.Equal(t, activities.Unavailable, classOf(err))
	_, err = e.Inventory(t.Context(), "shop")
	require.Equal(t, activities.Unavailable, classOf(err))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.Start(cancelled, "web", nil, false), context.Canceled)
}

func TestSocketRefusesUs(t *testing.T) {
	// The dial of an ordinary user; root, as whom tests run in containers, is never refused.
	refuse := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	}
	c, err := client.NewClientWithOpts(client.WithDialContext(refuse))
	require.NoError(t, err)
	_, err = (&Engine{api: c}).ImageID(t.Context(), "web:1")
	require.Equal(t, activities.PermissionDenied, classOf(err), "%v", err)
}

func TestMalformedHost(t *testing.T) {
	t.Setenv("DOCKER_HOST", "nowhere")
	_, err := New()
	require.Equal(t, activities.InvalidInput, classOf(err))
}

func TestReplica(t *testing.T) {
	summary := container.Summary{
		ID: "c1", Names: []string{"/shop-web-2"}, ImageID: "sha256:1", State: "running", Status: "Up 3 minutes (unhealthy)",
		Labels: map[string]string{
			labelProject: "shop", labelService: "web", labelNumber: "2", labelHash: "h",
			labelVersion: "5.6.0", labelRun: "run",
		},
		NetworkSettings: &container.NetworkSettingsSummary{Networks: map[string]*network.EndpointSettings{
			"b": {NetworkID: "2", IPAddress: "172.20.0.3"}, "a": {NetworkID: "1"}, "c": {NetworkID: "3", GlobalIPv6Address: "fd00::4"},
		}},
	}
	now := view{drivers: map[string]string{"2": "bridge", "3": "bridge"}}
	want := scaling.Replica{
		ID: "c1", Name: "shop-web-2", Service: "web", Number: 2, State: "running", Health: "unhealthy",
		Address: "172.20.0.3", ImageID: "sha256:1", ConfigHash: "h", ComposeVersion: "5.6.0", MadeBy: "run",
		Networks: []scaling.Attachment{
			{NetworkID: "2", Network: "b", Driver: "bridge", Address: "172.20.0.3"},
			{NetworkID: "3", Network: "c", Driver: "bridge", Address: "fd00::4"},
		},
	}
	require.Equal(t, want, now.replica(summary))

	summary.State, summary.Status = "exited", "Exited (0) 2 seconds ago"
	want.State, want.Health, want.Address, want.Networks = "exited", "", "", nil
	require.Equal(t, want, now.replica(summary))
}

func TestIsReplica(t *testing.T) {
	labels := func(more ...string) map[string]string {
		l := map[string]string{labelService: "web", labelNumber: "1", labelOneOff: "False"}
		for i := 0; i < len(more); i += 2 {
			l[more[i]] = more[i+1]
		}
		return l
	}
	require.True(t, isReplica(labels()))
	require.False(t, isReplica(labels(labelOneOff, "True")))
	require.False(t, isReplica(labels(labelHook, "pre_start")))
	require.False(t, isReplica(labels(labelNumber, "x")))
	require.False(t, isReplica(labels(labelService, "")))
}

func TestUsage(t *testing.T) {
	sample := container.StatsResponse{
		PreCPUStats: container.CPUStats{CPUUsage: container.CPUUsage{TotalUsage: 1e9}, SystemUsage: 10e9},
		CPUStats:    container.CPUStats{CPUUsage: container.CPUUsage{TotalUsage: 2e9}, SystemUsage: 14e9, OnlineCPUs: 4},
		MemoryStats: container.MemoryStats{Usage: 300 * mb, Limit: 1000 * mb},
	}
	for _, c := range []struct {
		name   string
		limits container.Resources
		stats  map[string]uint64
		want   activities.Usage
	}{
		{"share of the host", container.Resources{}, nil, activities.Usage{CPURatio: 0.25, MemoryRatio: 0.3, MemoryMB: 300}},
		{"share of the limit", container.Resources{NanoCPUs: 2e9}, nil, activities.Usage{CPURatio: 0.5, MemoryRatio: 0.3, MemoryMB: 300}},
		{"limit as quota", container.Resources{CPUQuota: 50000, CPUPeriod: 100000}, nil, activities.Usage{CPURatio: 2, MemoryRatio: 0.3, MemoryMB: 300}},
		{
			"cgroup v2 cache",
			container.Resources{},
			map[string]uint64{"inactive_file": 100 * mb},
			activities.Usage{CPURatio: 0.25, MemoryRatio: 0.2, MemoryMB: 200},
		},
		{
			"cgroup v1 cache",
			container.Resources{},
			map[string]uint64{"inactive_file": 10 * mb, "total_inactive_file": 200 * mb},
			activities.Usage{CPURatio: 0.25, MemoryRatio: 0.1, MemoryMB: 100},
		},
		{
			"more cache than use",
			container.Resources{},
			map[string]uint64{"inactive_file": 400 * mb},
			activities.Usage{CPURatio: 0.25, MemoryRatio: 0.3, MemoryMB: 300},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sample.MemoryStats.Stats = c.stats
			got := usage(sample, c.limits)
			require.InDelta(t, c.want.CPURatio, got.CPURatio, 1e-9)
			require.InDelta(t, c.want.MemoryRatio, got.MemoryRatio, 1e-9)
			require.Equal(t, c.want.MemoryMB, got.MemoryMB)
		})
	}
}

// A router that does not run has no processes that could still hold requests; one that is paused has them all.
func TestWorkersOfARouterThatDoesNotRun(t *testing.T) {
	for state, class := range map[string]string{"": "", "exited": "", "created": "", "restarting": "", "dead": "", "paused": activities.Unavailable} {
		t.Run(state, func(t *testing.T) {
			list := "[]"
			if state != "" {
				list = fmt.Sprintf(`[{"Id":"n1","Names":["/shop-nginx-1"],"State":%q,"Labels":{%q:"shop",%q:"nginx",%q:"1",%q:"False"}}]`,
					state, labelProject, labelService, labelNumber, labelOneOff)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(list))
			}))
			defer server.Close()
			api, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.41"))
			require.NoError(t, err)
			nginx := NewProcess(&Engine{api: api}, "shop", "nginx")
			pids, err := nginx.Workers(t.Context())
			require.Equal(t, class, classOf(err), "%v", err)
			require.Empty(t, pids)
			require.Error(t, nginx.Reload(t.Context()), "it cannot be changed")
			server.Close()
			_, err = nginx.Workers(t.Context())
			require.Equal(t, activities.Unavailable, classOf(err), "of an engine that is away nothing is known")
		})
	}
}

func TestWorkers(t *testing.T) {
	got, err := workers([][]string{
		{"12", "nginx: master process nginx -g daemon off;"},
		{"31", "nginx: worker process is shutting down"},
		{"30", "nginx: worker process"},
		{"40", "nginx: cache manager process"},
		{"41", "[nginx] <defunct>"},
	})
	require.NoError(t, err)
	require.Equal(t, []int{30, 31}, got)
}
