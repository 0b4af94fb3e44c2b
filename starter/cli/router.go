package cli

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities/nginx"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

// router is an nginx in a container of a Compose project, as its configuration shows it.
type router struct {
	service string
	details details
	config  nginxconf.Config
	// folders are those of the host whose *.conf files it includes, the best for upstreams first.
	folders []routerFolder
	// managed are the files in it that evenkeel writes.
	managed map[string]bool
}

// routerFolder is a folder of the host that a router includes.
type routerFolder struct {
	// host is where it lies here, inside where the router has it.
	host, inside string
}

// looksLikeNginx says whether a container is worth looking into.
func (d details) looksLikeNginx() bool {
	for _, text := range append([]string{d.Path, d.Config.Image}, d.Args...) {
		if strings.Contains(strings.ToLower(text), "nginx") {
			return true
		}
	}
	return false
}

// mainFile is the configuration that an nginx reads: what -c names, else the usual one.
func (d details) mainFile() string {
	for i, arg := range d.Args {
		if arg == "-c" && i+1 < len(d.Args) && path.IsAbs(d.Args[i+1]) {
			return path.Clean(d.Args[i+1])
		}
	}
	return "/etc/nginx/nginx.conf"
}

// routerIn reads the configuration of the nginx in a container.
func (e *engine) routerIn(ctx context.Context, service string, d details) router {
	return readRouter(service, d, e.files(ctx, d.ID))
}

// readRouter reads the configuration of an nginx. Without one it has no folders and no passes.
func readRouter(service string, d details, files func(string) []nginxconf.File) router {
	r := router{service: service, details: d, managed: map[string]bool{}}
	// However a file comes in, from a volume or by its own name: what evenkeel wrote is nobody's word.
	r.config = nginxconf.Read(d.mainFile(), func(pattern string) []nginxconf.File {
		found := files(pattern)
		for _, f := range found {
			if nginx.Managed(f.Text) {
				r.managed[f.Path] = true
			}
		}
		return found
	})
	worth := map[string]int{}
	for _, inside := range r.config.Folders {
		host, ok := d.onHost(inside)
		if !ok {
			continue
		}
		r.folders = append(r.folders, routerFolder{host: host, inside: inside})
		for _, f := range files(inside + "/*.conf") {
			if nginx.Managed(f.Text) {
				worth[host] += 1000
			} else {
				worth[host]-- // a person's own files lie there
			}
		}
	}
	slices.SortStableFunc(r.folders, func(a, b routerFolder) int { return worth[b.host] - worth[a.host] })
	return r
}

// onHost returns where a folder of a container lies on the host, where it is mounted from there.
func (d details) onHost(inside string) (string, bool) {
	best := mount{}
	for _, m := range d.Mounts {
		if (inside == m.Destination || strings.HasPrefix(inside, strings.TrimSuffix(m.Destination, "/")+"/")) && len(m.Destination) >= len(best.Destination) {
			best = m
		}
	}
	if best.Type != "bind" {
		return "", false
	}
	rest := strings.TrimPrefix(inside, best.Destination)
	return filepath.Join(best.Source, filepath.FromSlash(rest)), true
}
