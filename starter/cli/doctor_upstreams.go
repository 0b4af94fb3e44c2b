package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// nginxUpstreams follows the folder of the upstreams from the disk into the router's configuration.
func (p *projectDoctor) nginxUpstreams(ctx context.Context) finding {
	n := p.config.Nginx
	if n == nil {
		return notAsked("needs nginx")
	}
	if err := writable(n.Upstreams); err != nil {
		return lacking(err.Error(), "make the folder for the user that evenkeel runs as, and include its *.conf in nginx.conf")
	}
	d, ok := p.router()
	if n.Service == "" || !ok {
		return well(n.Upstreams)
	}
	r := p.engine.routerIn(ctx, n.Service, d)
	for _, folder := range r.folders {
		if sameFolder(folder.host, n.Upstreams) {
			return well(fmt.Sprintf("%s, which %s includes as %s/*.conf", n.Upstreams, n.Service, folder.inside))
		}
	}
	for _, m := range d.Mounts {
		if rel, err := filepath.Rel(resolved(m.Source), resolved(n.Upstreams)); m.Type == "bind" && err == nil && filepath.IsLocal(rel) {
			inside := filepath.Join(m.Destination, rel)
			return lacking(fmt.Sprintf("%s is %s in %s, and the http block of its configuration does not include %s/*.conf", n.Upstreams, inside, n.Service, inside),
				fmt.Sprintf("write include %s/*.conf; into its http block", inside))
		}
	}
	return lacking(fmt.Sprintf("%s is not mounted in %s", n.Upstreams, n.Service), "mount it in the Compose file, and include its *.conf in nginx.conf")
}

// router is what the router's container is made of; false where there is none, or nobody to ask.
func (p *projectDoctor) router() (details, bool) {
	if p.config.Nginx == nil || p.config.Nginx.Service == "" {
		return details{}, false
	}
	seen, _ := p.seen()
	for _, c := range seen.of(p.config.Nginx.Service) {
		if d, ok := p.details()[c.ID]; ok {
			return d, true
		}
	}
	return details{}, false
}

func sameFolder(a, b string) bool { return resolved(a) == resolved(b) }

// resolved follows links as far as they lead somewhere.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// nginxNetworks finds routed services that the router does not reach.
func (p *projectDoctor) nginxNetworks(context.Context) finding {
	n := p.config.Nginx
	if n == nil {
		return notAsked("needs nginx")
	}
	if n.Service == "" {
		return well("nginx is on the host, which reaches its bridges")
	}
	if _, err := p.seen(); err != nil {
		return notAsked("needs the Docker engine")
	}
	d, ok := p.router()
	if !ok {
		return notAsked("needs a container of " + n.Service)
	}
	onHost, networks := placeOf(d, p.details())
	if onHost {
		return well(n.Service + " is in the host's network, which reaches its bridges")
	}
	var apart, reached []string
	for _, service := range slices.Sorted(maps.Keys(p.config.Services)) {
		if p.config.Services[service].Upstream == "" {
			continue
		}
		switch share, known := p.shares(service, networks); {
		case known && share:
			reached = append(reached, service)
		case known:
			apart = append(apart, service)
		}
	}
	if len(apart) > 0 {
		return lacking(fmt.Sprintf("%s shares no network with %s", n.Service, strings.Join(apart, ", ")), "put both on one network in the Compose file")
	}
	if len(reached) == 0 {
		return well("no routed service runs")
	}
	return well(fmt.Sprintf("%s shares a network with %s", n.Service, strings.Join(reached, ", ")))
}

// shares says whether every running replica of a service is on one of the networks; not known where none runs.
func (p *projectDoctor) shares(service string, networks map[string]attachment) (share, known bool) {
	seen, _ := p.seen()
	for _, c := range seen.of(service) {
		d, ok := p.details()[c.ID]
		if !ok || !c.running() {
			continue
		}
		known = true
		_, own := placeOf(d, p.details())
		if !slices.ContainsFunc(slices.Collect(maps.Keys(own)), func(name string) bool { return joined(networks, name, own[name]) }) {
			return false, true
		}
	}
	return known, known
}
