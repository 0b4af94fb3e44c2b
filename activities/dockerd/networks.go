package dockerd

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// loopback is where this host reaches what is in its own network namespace.
const loopback = "127.0.0.1"

// view is what the engine says about all containers and networks at one time.
type view struct {
	containers []container.Summary
	// drivers are those of the networks, by the network's id.
	drivers map[string]string
}

// look asks the engine for all containers and networks.
func (e *Engine) look(ctx context.Context) (view, error) {
	containers, err := e.api.ContainerList(ctx, all())
	if err != nil {
		return view{}, classed("list containers", err)
	}
	networks, err := e.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return view{}, classed("list networks", err)
	}
	v := view{containers: containers, drivers: map[string]string{}}
	for _, n := range networks {
		v.drivers[n.ID] = n.Driver
	}
	return v, nil
}

// replica turns one line of the engine's list into what scaling knows of a container.
func (v view) replica(c container.Summary) scaling.Replica {
	r := plainReplica(c)
	if !r.Running() {
		return r
	}
	place := v.place(c)
	r.Networks = place.Networks
	r.Address = address(place)
	return r
}

// place says where a running container stands.
func (v view) place(c container.Summary) scaling.Place {
	// A container may join one that joins another; the bound is against a circle.
	for range len(v.containers) {
		other, joined := strings.CutPrefix(c.HostConfig.NetworkMode, "container:")
		if !joined {
			break
		}
		i := slices.IndexFunc(v.containers, func(c container.Summary) bool {
			return c.ID == other || slices.Contains(c.Names, "/"+other) || len(other) >= 12 && strings.HasPrefix(c.ID, other)
		})
		if i < 0 {
			return scaling.Place{}
		}
		c = v.containers[i]
	}
	if container.NetworkMode(c.HostConfig.NetworkMode).IsHost() {
		return scaling.Place{OnHost: true}
	}
	if c.NetworkSettings == nil {
		return scaling.Place{}
	}
	var place scaling.Place
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		n := c.NetworkSettings.Networks[name]
		if n == nil {
			continue
		}
		if at := cmp.Or(n.IPAddress, n.GlobalIPv6Address); at != "" {
			place.Networks = append(place.Networks, scaling.Attachment{
				NetworkID: n.NetworkID, Network: name, Driver: v.drivers[n.NetworkID], Address: at,
			})
		}
	}
	return place
}

// address returns where this host reaches what stands at a place, "" when it does not. The engine's
// own bridges come first; a macvlan or ipvlan keeps the host out, whoever answers at that address.
func address(p scaling.Place) string {
	if p.OnHost {
		return loopback
	}
	other := ""
	for _, n := range p.Networks {
		switch n.Driver {
		case network.NetworkBridge:
			return n.Address
		case "macvlan", "ipvlan":
		default:
			other = cmp.Or(other, n.Address)
		}
	}
	return other
}
