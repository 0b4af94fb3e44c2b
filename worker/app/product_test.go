package app

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/templates"
)

// The real product, with the policies that ship and a Compose file with its true limits, is planned
// here on hosts that a test machine is not: the demo carries the same limits × 0.05.
func TestTrueLimitsArePlanned(t *testing.T) {
	directory, err := filepath.Abs("../../activities/compose/testdata")
	require.NoError(t, err)
	services, err := compose.New(compose.Options{Name: "product", Directory: directory, Files: []string{"product.yaml"}}).Services(t.Context())
	require.NoError(t, err)
	policies, endpoints := shipped(t)
	var running []scaling.Replica
	for i := range services {
		services[i].ImageID, services[i].Fault = "sha256:1", "" // its env_file is on that host
		running = append(running, scaling.Replica{ID: services[i].Name, Name: services[i].Name + "-1", Service: services[i].Name, Number: 1, State: "running"})
	}
	for name, c := range map[string]struct {
		cpus     int
		memoryMB int64
		targets  []scaling.Target
		want     []string
	}{
		"peak on a large host": {32, 131072, []scaling.Target{{Service: "app", Replicas: 5}, {Service: "worker-llm", Replicas: 4}, {Service: "worker-rl", Replicas: 2}}, nil},
		"the maxima fit it":    {32, 131072, []scaling.Target{{Service: "app", Replicas: 10}, {Service: "worker-llm", Replicas: 8}, {Service: "worker-rl", Replicas: 4}}, nil},
		"peak on a small host": {4, 8192, []scaling.Target{{Service: "worker-llm", Replicas: 4}}, []string{scaling.CPUReservation, scaling.MemoryReservation}},
		"a limit too large":    {2, 65536, []scaling.Target{{Service: "worker-llm", Replicas: 2}}, []string{scaling.CPULimit, scaling.CPUReservation}},
		"above the maximum":    {32, 131072, []scaling.Target{{Service: "worker-rl", Replicas: 5}}, []string{scaling.AboveMax}},
		"below the minimum":    {32, 131072, []scaling.Target{{Service: "app", Replicas: 1}}, []string{scaling.BelowMin}},
		"a database":           {32, 131072, []scaling.Target{{Service: "postgres", Replicas: 2}}, []string{scaling.NoPolicy, scaling.FixedContainerName, scaling.FixedHostPort, scaling.FixedHostPort, scaling.StaticAddress, scaling.StaticAddress}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := scaling.MakePlan(scaling.Request{
				Host: "gpu-1", Project: "product", Targets: c.targets, Services: services, Policies: policies, Endpoints: endpoints,
				Inventory: scaling.Inventory{CPUs: c.cpus, MemoryMB: c.memoryMB, Replicas: running},
			})
			var codes []string
			for _, change := range plan.Changes {
				for _, r := range change.Refusals {
					codes = append(codes, r.Code)
				}
			}
			require.Equal(t, c.want, codes)
		})
	}
}

func shipped(t *testing.T) (map[string]scaling.Policy, map[string]scaling.Endpoint) {
	t.Helper()
	return servicesOf(t, config.Project{Services: map[string]config.Service{"app": {Port: 80, Upstream: "app"}, "worker-llm": {}, "worker-rl": {}}})
}

// servicesOf pairs the services of a project with the policies that ship.
func servicesOf(t *testing.T, p config.Project) (map[string]scaling.Policy, map[string]scaling.Endpoint) {
	t.Helper()
	policies, _, endpoints := services(builtIn(t), p)
	return policies, endpoints
}

func TestPolicyThatDoesNotExist(t *testing.T) {
	_, err := templates.Install(&config.Config{Path: "evenkeel.yaml", Hosts: map[string]config.Host{
		"gpu-1": {Projects: map[string]config.Project{"shop": {Services: map[string]config.Service{"app": {Policy: "ap"}}}}},
	}}, "")
	require.EqualError(t, err, `evenkeel.yaml: hosts.gpu-1.projects.shop.services.app.policy: no ScalingPolicy is named "ap"; name one that is there, or remove the line`)
}

// A policy that is disabled is none, whether the service has it by its name or names it; default takes only the place
// of one that does not exist.
func TestPolicyThatIsDisabled(t *testing.T) {
	set, err := templates.Load("", []string{"worker-rl"})
	require.NoError(t, err)
	policies, faults, endpoints := services(set, config.Project{Services: map[string]config.Service{
		"worker-rl": {}, "rl": {Policy: "worker-rl"}, "web": {}, "app": {},
	}})
	require.Empty(t, faults, "somebody wanted it so")
	require.Len(t, endpoints, 4)
	require.Len(t, policies, 2)
	require.Equal(t, "default", policies["web"].Name)
	require.Equal(t, "app", policies["app"].Name)
}

func builtIn(t *testing.T) *templates.Set {
	t.Helper()
	set, err := templates.Load("", nil)
	require.NoError(t, err)
	return set
}
