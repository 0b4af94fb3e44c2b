package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// The example in production is planned as its evenkeel.yaml and its Compose files say, on a host of a
// size that its README names.
func TestExampleInProductionIsPlanned(t *testing.T) {
	c, err := config.Load("../../deploy/examples/production/evenkeel.yaml")
	require.NoError(t, err)
	_, host, err := c.Host("")
	require.NoError(t, err)
	name, project, err := host.Project("")
	require.NoError(t, err)
	services, err := compose.New(compose.FromConfig(host, name)).Services(t.Context())
	require.NoError(t, err)
	require.Len(t, services, 8)
	policies, endpoints := servicesOf(t, project)
	network := scaling.Attachment{NetworkID: "1", Network: name + "_front", Driver: "bridge", Address: "172.30.0.1"}
	inventory := scaling.Inventory{CPUs: 32, MemoryMB: 128 << 10}
	for i, s := range services {
		require.Empty(t, s.Fault, s.Name)
		services[i].ImageID = "sha256:1"
		inventory.Replicas = append(inventory.Replicas, scaling.Replica{
			ID: s.Name, Name: name + "-" + s.Name + "-1", Service: s.Name, Number: 1, State: "running", Networks: []scaling.Attachment{network},
		})
	}
	plan := scaling.MakePlan(scaling.Request{
		Host: "gpu-1", Project: name, Services: services, Policies: policies, Endpoints: endpoints, Inventory: inventory,
		Place:   &scaling.Place{Networks: []scaling.Attachment{network}},
		Targets: []scaling.Target{{Service: "app", Replicas: 5}, {Service: "worker-llm", Replicas: 4}, {Service: "worker-rl", Replicas: 2}},
	})
	for _, change := range plan.Changes {
		require.Empty(t, change.Refusals, change.Service)
		require.True(t, change.Grows())
		require.GreaterOrEqual(t, change.Policy.StopSeconds, change.Policy.DrainSeconds, "%s is never cut short of its drain", change.Service)
	}
}
