package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRestartChoosesReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		have    []Replica
		want    []int
		refused []Refusal
	}{
		"those that run":                 {running(2), []int{1, 2}, nil},
		"stopped ones are left alone":    {[]Replica{replica(1, "exited", ""), replica(2, "running", "")}, []int{2}, nil},
		"a crashing one is restarted":    {[]Replica{replica(1, "restarting", ""), replica(2, "running", "")}, []int{1, 2}, nil},
		"all are started where none run": {[]Replica{replica(1, "exited", ""), replica(2, "created", ""), replica(3, "dead", "")}, []int{1, 2}, nil},
		"there is none":                  {nil, []int{}, []Refusal{{NothingToRestart, "app has no container to restart"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := MakeRestart(wellFormed(1, c.have...), "app")
			require.Equal(t, c.want, numbersOf(got.Replicas))
			require.Equal(t, c.refused, got.Refusals)
		})
	}
}

func TestRestartIsRefused(t *testing.T) {
	request := wellFormed(1, placed(1, at("front", "10.1.0.2")), placed(2, at("back", "10.2.0.2")))
	got := MakeRestart(request, "ap")
	require.Equal(t, []Refusal{{NotAComposeService, `"ap" is not a service of the Compose project shop; it has app`}}, got.Refusals)
	request.Place = &Place{Networks: []Attachment{at("front", "10.1.0.9")}}
	require.Equal(t, []Refusal{{NoSharedNetwork, "the router is on front and shop-app-2 is on back: they share none; put both on one network"}}, MakeRestart(request, "app").Refusals)
	request.RouterFault = "shop-nginx-1 is exited"
	require.Equal(t, []Refusal{{RouterDown, "the router cannot be changed: shop-nginx-1 is exited"}}, MakeRestart(request, "app").Refusals)
}

// How long it may take to drain and to stop is said by the policy.
func TestRestartWithoutAPolicyForAFault(t *testing.T) {
	request := wellFormed(1, running(1)...)
	request.PolicyFaults = map[string]string{"app": "p.yaml:4:1: drain: is missing"}
	require.Equal(t, []Refusal{{NoPolicy, "app has no policy: p.yaml:4:1: drain: is missing"}}, MakeRestart(request, "app").Refusals)
}

func TestRestartOfStoppedOnesNeedsTheirNetworks(t *testing.T) {
	request := wellFormed(1, replica(1, "exited", ""))
	request.Services[0].Missing = []string{"network outside"}
	require.Equal(t, []Refusal{{MissingResource, "the external network outside of app is not there; make it with `docker network create outside`"}}, MakeRestart(request, "app").Refusals)
	request.Inventory.Replicas = running(1)
	require.Empty(t, MakeRestart(request, "app").Refusals)
}

// A service without a policy can be restarted: nothing of a restart depends on bounds.
func TestRestartWithoutPolicy(t *testing.T) {
	request := wellFormed(1, running(1)...)
	request.Policies, request.Endpoints = nil, nil
	got := MakeRestart(request, "app")
	require.Empty(t, got.Refusals)
	require.Empty(t, got.Warnings)
	require.Equal(t, 10, got.Policy.StopSeconds)
}

func TestRestartWarns(t *testing.T) {
	request := wellFormed(1, replica(1, "running", "unhealthy"))
	request.Endpoints["app"] = Endpoint{Port: 8080, Upstream: "app"}
	request.Services[0].UsedBy = []string{"b"}
	request.Inventory.Replicas = append(request.Inventory.Replicas, Replica{ID: "b1", Service: "b", State: "exited"})
	got := MakeRestart(request, "app")
	require.Equal(t, []string{
		"1 of 1 are unhealthy; the result is judged against that",
		"app has 1 replica: nothing answers while it restarts",
		"without in_flight the drain of app ends when nginx's old workers are gone; work that did not come through nginx is not waited for",
		"b uses the namespaces or volumes of a replica of app, and has to be restarted after it",
	}, got.Warnings)
	require.Equal(t, []string{request.Inventory.Replicas[0].ID}, got.UnhealthyBefore)
}
