package dockerd

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// standing returns a running container with a network mode and addresses on networks.
func standing(id, mode string, addresses map[string]string) container.Summary {
	c := container.Summary{ID: id, Names: []string{"/name-" + id}, State: "running"}
	c.HostConfig.NetworkMode = mode
	c.NetworkSettings = &container.NetworkSettingsSummary{Networks: map[string]*network.EndpointSettings{}}
	for name, address := range addresses {
		c.NetworkSettings.Networks[name] = &network.EndpointSettings{NetworkID: "id-" + name, IPAddress: address}
	}
	return c
}

func TestPlace(t *testing.T) {
	drivers := map[string]string{"id-bridge": "bridge", "id-lan": "macvlan", "id-mesh": "overlay", "id-vlan": "ipvlan"}
	at := func(name, address string) scaling.Attachment {
		return scaling.Attachment{NetworkID: "id-" + name, Network: name, Driver: drivers["id-"+name], Address: address}
	}
	ownID := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		name       string
		containers []container.Summary
		place      scaling.Place
		address    string
	}{
		{
			"one network",
			[]container.Summary{standing("a", "shop", map[string]string{"bridge": "10.0.0.2"})},
			scaling.Place{Networks: []scaling.Attachment{at("bridge", "10.0.0.2")}},
			"10.0.0.2",
		},
		{
			"a bridge is reached, whatever comes first",
			[]container.Summary{standing("a", "shop", map[string]string{"lan": "192.168.0.2", "mesh": "10.1.0.2", "bridge": "10.0.0.2", "vlan": "192.168.0.3"})},
			scaling.Place{Networks: []scaling.Attachment{at("bridge", "10.0.0.2"), at("lan", "192.168.0.2"), at("mesh", "10.1.0.2"), at("vlan", "192.168.0.3")}},
			"10.0.0.2",
		},
		{
			"a macvlan is not reached from its host",
			[]container.Summary{standing("a", "shop", map[string]string{"lan": "192.168.0.2"})},
			scaling.Place{Networks: []scaling.Attachment{at("lan", "192.168.0.2")}},
			"",
		},
		{"the host's own", []container.Summary{standing("a", "host", map[string]string{"host": ""})}, scaling.Place{OnHost: true}, "127.0.0.1"},
		{"none", []container.Summary{standing("a", "none", map[string]string{"none": ""})}, scaling.Place{}, ""},
		{
			"another container's, by id",
			[]container.Summary{standing("a", "container:"+ownID, nil), standing(ownID, "shop", map[string]string{"bridge": "10.0.0.9"})},
			scaling.Place{Networks: []scaling.Attachment{at("bridge", "10.0.0.9")}},
			"10.0.0.9",
		},
		{
			"another container's, by name, which is on the host",
			[]container.Summary{standing("a", "container:name-b", nil), standing("b", "host", nil)},
			scaling.Place{OnHost: true},
			"127.0.0.1",
		},
		{"another container's that is gone", []container.Summary{standing("a", "container:"+ownID, nil)}, scaling.Place{}, ""},
		{"a circle", []container.Summary{standing("a", "container:name-b", nil), standing("b", "container:name-a", nil)}, scaling.Place{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := view{containers: c.containers, drivers: drivers}.place(c.containers[0])
			require.Equal(t, c.place, got)
			require.Equal(t, c.address, address(got))
		})
	}
}
