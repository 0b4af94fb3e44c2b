package cli

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

// route is how a router sends requests to a service.
type route struct {
	// upstream is the one that evenkeel can fill; empty where there is none.
	upstream string
	// port is the one that the router sends to, 0 where it does not say.
	port int
	// from is where the port is from.
	from string
	// remark says why evenkeel does not route a service to which the router sends requests.
	remark string
}

// route returns how the router sends requests to a service of the project, which has these services.
func (r router) route(service string, services []string) route {
	var found route
	for _, pass := range r.config.Passes {
		if own, ok := r.own(pass.Host); ok {
			for _, server := range own.Servers {
				if serviceOf(server.Host, services) == service {
					found.port, found.from = cmp.Or(server.Port, httpPort), "the router"
					found.remark = fmt.Sprintf("%s has an upstream %s of its own; for evenkeel to route, remove it there and write upstream: %s here", r.service, pass.Host, pass.Host)
				}
			}
			continue
		}
		switch {
		case pass.Host == "" || serviceOf(pass.Host, services) != service:
		case pass.Port > 0:
			// nginx refuses a port behind the name of an upstream.
			found.port, found.from = pass.Port, "the router"
			found.remark = fmt.Sprintf("%s passes requests to %s:%d; for evenkeel to route, write %s without the port there and upstream: %s here",
				r.service, pass.Host, pass.Port, pass.Host, pass.Host)
		case found.upstream == "":
			found.upstream = pass.Host
		}
	}
	if found.port == 0 {
		found.port, found.from = r.managedPort(found.upstream)
	}
	if found.remark != "" {
		found.upstream = ""
	} else if found.upstream != "" && len(r.folders) == 0 {
		found = route{remark: fmt.Sprintf("%s passes requests to it; for evenkeel to route, see nginx above", r.service)}
	}
	return found
}

// httpPort is what nginx asks of a server of an upstream without a port.
const httpPort = 80

// managedPort returns the port of all members of an upstream that evenkeel has written, and the file's name; 0 where
// they have none in common.
func (r router) managedPort(upstream string) (port int, from string) {
	for name, u := range r.config.Upstreams {
		if upstream == "" || !strings.EqualFold(name, upstream) || !r.managed[u.File] {
			continue
		}
		for _, server := range u.Servers {
			if port != 0 && server.Port != port {
				return 0, ""
			}
			port, from = server.Port, "the members in "+path.Base(u.File)
		}
	}
	return port, from
}

// own returns the upstream of a name where a person wrote it. nginx compares names without case.
func (r router) own(name string) (nginxconf.Upstream, bool) {
	for known, upstream := range r.config.Upstreams {
		if strings.EqualFold(known, name) && !r.managed[upstream.File] {
			return upstream, true
		}
	}
	return nginxconf.Upstream{}, false
}

// lost returns the names that requests are passed to and that are neither an upstream nor a service: with
// them nginx cannot start.
func (r router) lost(services []string) []string {
	var names []string
	for _, pass := range r.config.Passes {
		_, own := r.own(pass.Host)
		if pass.Port == 0 && pass.Host != "" && !own && !strings.ContainsAny(pass.Host, ".:") && serviceOf(pass.Host, services) == "" && !slices.Contains(names, pass.Host) {
			names = append(names, pass.Host)
		}
	}
	return names
}

// variable says whether the router decides by a variable where requests go.
func (r router) variable() bool { return slices.Contains(r.config.Passes, nginxconf.Pass{}) }

// serviceOf returns the service that a host of an nginx configuration means: the one of that name, or the
// one that an upstream such as web_backend is named after.
func serviceOf(host string, services []string) string {
	if slices.Contains(services, host) {
		return host
	}
	for _, service := range services {
		if strings.EqualFold(host, service) {
			return service
		}
	}
	for _, ending := range []string{"_backend", "-backend", "_upstream", "-upstream"} {
		if stem, ok := strings.CutSuffix(host, ending); ok {
			return serviceOf(stem, services)
		}
	}
	return ""
}
