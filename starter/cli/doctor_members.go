package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities/nginx"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// staleUpstream is an upstream file of evenkeel's that names addresses that no replica has.
type staleUpstream struct {
	file      string
	addresses []string
}

// String names both.
func (s staleUpstream) String() string {
	return fmt.Sprintf("%s names %s, which no replica has where the router looks", s.file, strings.Join(s.addresses, ", "))
}

// staleUpstreams looks through the upstream files in a folder. router is what the router's container is made of, nil
// where it has none; services are those that the upstreams belong to, where that is known.
func staleUpstreams(folder string, router *details, all map[string]details, seen seenProject, services map[string]string) []staleUpstream {
	files, _ := filepath.Glob(filepath.Join(folder, "*.conf")) // a folder that is none holds none
	var out []staleUpstream
	for _, file := range files {
		text, err := textfile.Read(file, fileLimit)
		if err != nil || !nginx.Managed(string(text)) {
			continue
		}
		config := nginxconf.Read(file, func(pattern string) []nginxconf.File {
			if pattern != file {
				return nil
			}
			return []nginxconf.File{{Path: file, Text: string(text)}}
		})
		stale := staleUpstream{file: file}
		for name, upstream := range config.Upstreams {
			known := addressesOf(router, all, seen, services[name])
			for _, server := range upstream.Servers {
				if host := strings.Trim(server.Host, "[]"); !slices.Contains(known, host) {
					stale.addresses = append(stale.addresses, net.JoinHostPort(host, fmt.Sprint(server.Port)))
				}
			}
		}
		if len(stale.addresses) > 0 {
			out = append(out, stale)
		}
	}
	return out
}

// addressesOf are the addresses of the replicas that run, of one service or of all, on the networks that the router
// shares.
func addressesOf(router *details, all map[string]details, seen seenProject, service string) []string {
	var out []string
	for _, c := range seen.containers {
		if d, ok := all[c.ID]; ok && d.State.Running && (service == "" || c.service() == service) {
			out = append(out, reachedAt(d, router, all)...)
		}
	}
	return out
}

// reachedAt are the addresses of a container on the networks that the router shares.
func reachedAt(d details, router *details, all map[string]details) (out []string) {
	everywhere, networks := true, map[string]attachment(nil)
	if router != nil {
		everywhere, networks = placeOf(*router, all)
	}
	onHost, own := placeOf(d, all)
	if onHost && everywhere {
		out = append(out, "127.0.0.1")
	}
	for name, a := range own {
		if address := cmp.Or(a.IPAddress, a.GlobalIPv6Address); address != "" && (everywhere || joined(networks, name, a)) {
			out = append(out, address)
		}
	}
	return out
}

// withoutRequests finds the replicas that run and stand in no file of their upstream; absent are the upstreams that
// have no file at all, which an nginx that names them does not start without.
func (p *projectDoctor) withoutRequests(router *details, seen seenProject, services map[string]string) (absent, unrouted []string) {
	for _, upstream := range slices.Sorted(maps.Keys(services)) {
		file := filepath.Join(p.config.Nginx.Upstreams, upstream+".conf")
		text, err := textfile.Read(file, fileLimit)
		if errors.Is(err, fs.ErrNotExist) {
			absent = append(absent, file)
		}
		if err != nil || !nginx.Managed(string(text)) {
			continue
		}
		for _, c := range seen.of(services[upstream]) {
			d, ok := p.details()[c.ID]
			named := func(address string) bool { return strings.Contains(string(text), "server "+joinedHost(address)) }
			if ok && d.State.Running && !slices.ContainsFunc(reachedAt(d, router, p.details()), named) {
				unrouted = append(unrouted, c.name())
			}
		}
	}
	return absent, unrouted
}

// joinedHost is an address as it stands before the port of a member.
func joinedHost(address string) string {
	return strings.TrimSuffix(net.JoinHostPort(address, ""), ":") + ":"
}

// nginxMembers finds upstream files that send requests to nobody: after a `docker compose up`, or a start of the
// machine, replicas may have other addresses.
func (p *projectDoctor) nginxMembers(context.Context) finding {
	n := p.config.Nginx
	if n == nil {
		return notAsked("needs nginx")
	}
	seen, err := p.seen()
	if err != nil {
		return notAsked("needs the Docker engine")
	}
	services := map[string]string{}
	for name, s := range p.config.Services {
		if s.Upstream != "" {
			services[s.Upstream] = name
		}
	}
	var router *details
	if d, ok := p.router(); ok {
		router = &d
	}
	var stale []string
	for _, s := range staleUpstreams(n.Upstreams, router, p.details(), seen, services) {
		stale = append(stale, s.String())
	}
	absent, unrouted := p.withoutRequests(router, seen, services)
	if len(absent) > 0 {
		return lacking(strings.Join(absent, ", ")+" is not there, and so nginx has no such upstream", staleHint)
	}
	if len(unrouted) > 0 {
		stale = append(stale, "no upstream file sends requests to "+strings.Join(unrouted, ", "))
	}
	if len(stale) > 0 {
		return noted(strings.Join(stale, "; "), staleHint)
	}
	return well("the members of the upstreams are the replicas that run")
}

const staleHint = "starter scale SERVICE=N with the present number writes it anew"
