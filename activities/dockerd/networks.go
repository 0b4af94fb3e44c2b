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

// look asks the engine for all containers, and for the networks that they are on.
func (e *Engine) look(ctx context.Context) (view, error) {
	containers, err := e.api.ContainerList(ctx, all())
	if err != nil {
		return view{}, classed("list containers", err)
	}
	drivers, err := e.driversOf(ctx, containers)
	return view{containers: containers, drivers: drivers}, err
}

// around is a view of some containers, and of all where one of them stands in the namespace of another.
func (e *Engine) around(ctx context.Context, some []container.Summary) (view, error) {
	if slices.ContainsFunc(some, func(c container.Summary) bool { return strings.HasPrefix(c.HostConfig.NetworkMode, "container:") }) {
		return e.look(ctx)
	}
	drivers, err := e.driversOf(ctx, some)
	return view{containers: some, drivers: drivers}, err
}

// driversOf returns the drivers of the networks of containers. A network's id is never used again and its driver
// never changes, so that what is known is not asked for again.
func (e *Engine) driversOf(ctx context.Context, containers []container.Summary) (map[string]string, error) {
	e.networks.Lock()
	defer e.networks.Unlock()
	if e.drivers == nil {
		e.drivers = map[string]string{}
	}
	known := true
	for _, c := range containers {
		if c.NetworkSettings == nil {
			continue
		}
		for _, n := range c.NetworkSettings.Networks {
			if n != nil && n.NetworkID != "" {
				_, ok := e.drivers[n.NetworkID]
				known = known && ok
			}
		}
	}
	if !known {
		networks, err := e.api.NetworkList(ctx, network.ListOptions{})
		if err != nil {
			return nil, classed("list networks", err)
		}
		clear(e.drivers)
		for _, n := range networks {
			e.drivers[n.ID] = n.Driver
		}
	}
	return maps.Clone(e.drivers), nil
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
