package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities/nginx"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
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
		text, err := os.ReadFile(file)
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
	everywhere, networks := true, map[string]attachment(nil)
	if router != nil {
		everywhere, networks = placeOf(*router, all)
	}
	var out []string
	for _, c := range seen.containers {
		d, ok := all[c.ID]
		if !ok || !d.State.Running || service != "" && c.service() != service {
			continue
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
	}
	return out
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
	if len(stale) > 0 {
		return noted(strings.Join(stale, "; "), staleHint)
	}
	return well("every member of an upstream is a replica that runs")
}

const staleHint = "starter scale SERVICE=N with the present number writes it anew"
