//go:build e2e

// Package examples_test holds the example installations to what is said of them.
package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/templates"
)

// service is what is looked at of a service, as Compose prints it.
type service struct {
	ContainerName   string `json:"container_name"`
	Ports           []struct{ Published, Target any }
	HealthCheck     *struct{ Test []string }
	Restart         string
	StopGracePeriod string `json:"stop_grace_period"`
	Deploy          struct {
		Replicas  int
		Resources struct{ Limits, Reservations resources }
	}
}

type resources struct {
	CPUs   float64
	Memory string // bytes
}

// scaled are the services with a ScalingPolicy.
var scaled = []string{"app", "worker-llm", "worker-rl"}

func TestProduction(t *testing.T) {
	const mb = 1 << 20
	sizes := map[string]struct{ limitCPUs, reservedCPUs, limitMB, reservedMB float64 }{
		"app":        {2, 0.5, 2048, 512},
		"worker-llm": {4, 1, 8192, 2048},
		"worker-rl":  {4, 1, 8192, 2048},
		"postgres":   {2, 0.5, 2048, 512},
		"redis":      {1, 0.25, 1024, 256},
		"nginx":      {1, 0.25, 512, 128},
		"prometheus": {1, 0.25, 1024, 256},
		"grafana":    {1, 0.25, 512, 128},
	}
	set, err := templates.Load("", nil)
	require.NoError(t, err)
	for _, files := range [][]string{{"compose.yaml"}, {"compose.yaml", "compose.gpu.yaml"}} {
		services := read(t, files)
		require.Len(t, services, len(sizes))
		for name, size := range sizes {
			s, limits, reserved := services[name], services[name].Deploy.Resources.Limits, services[name].Deploy.Resources.Reservations
			require.Equal(t, size.limitCPUs, limits.CPUs, name)
			require.Equal(t, size.reservedCPUs, reserved.CPUs, name)
			require.Equal(t, size.limitMB*mb, number(t, limits.Memory), name)
			require.Equal(t, size.reservedMB*mb, number(t, reserved.Memory), name)
			require.NotNil(t, s.HealthCheck, name)
			require.Equal(t, "unless-stopped", s.Restart, name)
			require.NotEmpty(t, s.StopGracePeriod, name)
		}
		for _, name := range scaled {
			s := services[name]
			policy, ok := set.Policy(name)
			require.True(t, ok, name)
			require.Empty(t, s.ContainerName, name)
			require.Empty(t, s.Ports, "%s: a host port goes to one replica", name)
			require.Equal(t, policy.Min, s.Deploy.Replicas, "%s: `docker compose up` goes to the least", name)
			grace, err := time.ParseDuration(s.StopGracePeriod)
			require.NoError(t, err)
			require.GreaterOrEqual(t, grace, policy.Drain(), "%s: a person's `docker compose stop` lets work end, too", name)
		}
	}
}

// TestProductionNginx lets this machine's nginx read the example's configuration, with the first upstream
// file as it would be after the first change.
func TestProductionNginx(t *testing.T) {
	dir := t.TempDir()
	config := text(t, "nginx.conf")
	for _, change := range [][2]string{
		{"include /etc/nginx/evenkeel/", "include " + dir + "/"},
		{"pid /run/nginx.pid;", "pid " + dir + "/pid;"},
		{"user nginx;", "user nobody nogroup;"},
		{"keepalive_min_timeout 10s;", ""}, // this machine's nginx may be older
	} {
		require.Equal(t, 1, strings.Count(config, change[0]), change[0])
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	upstream := text(t, "upstreams/app.conf")
	require.True(t, strings.HasPrefix(upstream, "# Managed by evenkeel"), "evenkeel replaces no file of a person's")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.conf"), []byte(strings.Replace(upstream, "app:8000", "127.0.0.1:8000", 1)), 0o600))
	file := filepath.Join(t.TempDir(), "nginx.conf") // not where *.conf is included from
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	out, err := exec.Command("nginx", "-t", "-c", file).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotRegexp(t, `\[(warn|emerg)\]`, string(out))
}

func read(t *testing.T, files []string) map[string]service {
	t.Helper()
	args := []string{"compose"}
	for _, file := range files {
		args = append(args, "-f", filepath.Join("production", file))
	}
	out, err := exec.Command("docker", append(args, "config", "-q")...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out), "no warning either")
	out, err = exec.Command("docker", append(args, "config", "--format", "json")...).Output()
	require.NoError(t, err)
	var model struct{ Services map[string]service }
	require.NoError(t, json.Unmarshal(out, &model))
	return model.Services
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("production", name))
	require.NoError(t, err)
	return string(data)
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	var n float64
	require.NoError(t, json.Unmarshal([]byte(text), &n))
	return n
}
