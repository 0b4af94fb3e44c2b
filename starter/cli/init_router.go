package cli

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// routerOf finds the router of a project: of its nginx containers the one that sends requests to most of its
// services; nil where there is none. It also returns what every container is made of.
func (e *engine) routerOf(ctx context.Context, seen seenProject, names []string) (*router, map[string]details) {
	var best *router
	reach := 0
	all := map[string]details{}
	for _, c := range seen.containers {
		d, err := e.inspect(ctx, c.ID)
		if err != nil {
			continue // it has just gone
		}
		all[c.ID] = d
		if !d.looksLikeNginx() || best != nil && best.service == c.service() {
			continue
		}
		r := e.routerIn(ctx, c.service(), d)
		served := 0
		for _, name := range names {
			if way := r.route(name, names); way != (route{}) {
				served += 2
			}
		}
		served += min(len(r.folders), 1)
		if served > reach {
			best, reach = &r, served
		}
	}
	return best, all
}

// describeRouter says what is written about a router; nil for one that includes no folder of the host.
func describeRouter(r *router, names []string) *config.FoundNginx {
	if r == nil || len(r.folders) == 0 {
		return nil
	}
	folder := r.folders[0]
	found := &config.FoundNginx{
		Service: r.service, ServiceFrom: "it runs nginx",
		Upstreams: folder.host, UpstreamsFrom: "mounted there at " + folder.inside + ", whose *.conf its configuration includes",
	}
	for _, name := range r.lost(names) {
		found.Remarks = append(found.Remarks, "It passes requests to "+name+", which is neither a service nor an upstream of its own; write upstream: "+name+" at the service that is meant.")
	}
	if r.variable() {
		found.Remarks = append(found.Remarks, "It passes some requests to an address in a variable, which evenkeel cannot follow.")
	}
	return found
}

// withoutRouter says why a project has no router in the new configuration, where there is something to say.
func withoutRouter(r *router, services []scaling.Service, seen seenProject) []string {
	if r != nil {
		return []string{"The configuration of " + r.service + " includes no folder that is mounted from the host; see nginx below."}
	}
	var out []string
	for _, s := range services {
		if s.Router == "nginx" && len(seen.of(s.Name)) == 0 {
			out = append(out, s.Name+" is an nginx without a container, and its configuration is not mounted from the host; start it and run starter init again.")
		}
	}
	return out
}

// unsteered says of each router but nginx what evenkeel does not promise there.
func unsteered(services []scaling.Service) []string {
	const not = "it gives a new replica requests as soon as it sees it, ready or not, and those at work may be cut when a replica stops."
	var out []string
	seen := map[string]bool{}
	for _, s := range services {
		if s.Router != "" && s.Router != "nginx" {
			out = append(out, s.Name+" is a router ("+s.Router+") that evenkeel does not steer: "+not)
			seen[s.Router] = true
		}
	}
	for _, s := range services {
		if s.RoutedBy != "" && !seen[s.RoutedBy] {
			out = append(out, s.Name+" speaks to a router ("+s.RoutedBy+") that evenkeel does not steer: "+not)
			seen[s.RoutedBy] = true
		}
	}
	return out
}

// members returns the addresses of the replicas that run, on one network that the router shares with all of
// them, none where there is no such network; and how many run.
func members(r router, all map[string]details, replicas []container, port int) (best []string, running int) {
	onHost, networks := placeOf(r.details, all)
	candidates := map[string][]string{}
	for _, c := range replicas {
		d, ok := all[c.ID]
		if !ok || !d.State.Running {
			continue
		}
		running++
		for name, a := range d.NetworkSettings.Networks {
			if address := cmp.Or(a.IPAddress, a.GlobalIPv6Address); address != "" && (onHost || joined(networks, name, a)) {
				candidates[name] = append(candidates[name], net.JoinHostPort(address, strconv.Itoa(port)))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(candidates)) {
		if len(candidates[name]) == running && best == nil {
			best = candidates[name]
		}
	}
	return best, running
}

// placeOf says where a router stands: on the host, or on which networks. One in another container's
// namespace is on that one's.
func placeOf(d details, all map[string]details) (onHost bool, networks map[string]attachment) {
	if d.HostConfig.NetworkMode == "host" {
		return true, nil
	}
	if id, ok := strings.CutPrefix(d.HostConfig.NetworkMode, "container:"); ok {
		if other, known := all[id]; known && !strings.HasPrefix(other.HostConfig.NetworkMode, "container:") {
			return placeOf(other, nil)
		}
	}
	return false, d.NetworkSettings.Networks
}

// joined says whether a network is among those of a router. One that has never run knows names only.
func joined(networks map[string]attachment, name string, a attachment) bool {
	for own, b := range networks {
		if a.NetworkID != "" && a.NetworkID == b.NetworkID || (a.NetworkID == "" || b.NetworkID == "") && own == name {
			return true
		}
	}
	return false
}
