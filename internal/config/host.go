package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Host is a machine with a Docker engine.
type Host struct {
	// Projects are the Compose projects of the host, by the name that Compose gives them; at least one.
	Projects map[string]Project `yaml:"projects"`
	// Key is the public key of the host's worker, as a line of authorized_keys: what it vouches for is believed on the
	// other hosts. A host believes its own without it.
	Key string `yaml:"key"`
}

// Host returns the host of that name. An empty name means the only host of the configuration or,
// among several, the one that has this machine's short name in lower case.
func (c *Config) Host(name string) (string, Host, error) {
	known := slices.Sorted(maps.Keys(c.Hosts))
	if name == "" && len(known) == 1 {
		name = known[0]
	} else if name == "" {
		machine, err := os.Hostname()
		if err != nil {
			return "", Host{}, fmt.Errorf("this machine's name: %w", err)
		}
		machine, _, _ = strings.Cut(machine, ".")
		name = strings.ToLower(machine)
	}
	host, ok := c.Hosts[name]
	if !ok {
		return "", Host{}, fmt.Errorf("%s has no host %q; its hosts are %s", c.Path, name, strings.Join(known, ", "))
	}
	return name, host, nil
}

// Project returns the project of that name. An empty name means the only one of the host.
func (h Host) Project(name string) (string, Project, error) {
	known := h.Names()
	if name == "" && len(known) == 1 {
		name = known[0]
	}
	if project, ok := h.Projects[name]; ok {
		return name, project, nil
	}
	if name == "" {
		return "", Project{}, fmt.Errorf("the host has several projects: %s", strings.Join(known, ", "))
	}
	return "", Project{}, fmt.Errorf("the host has no project %q; it has %s", name, strings.Join(known, ", "))
}

// Names are the names of the host's projects, sorted.
func (h Host) Names() []string { return slices.Sorted(maps.Keys(h.Projects)) }

func (c *Config) checkHosts(doc *strictyaml.Document) {
	if len(c.Hosts) == 0 {
		doc.Fault("hosts", "names no host; write at least one")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Hosts)) {
		at, host := "hosts."+name, c.Hosts[name]
		checkName(doc, at, name)
		doc.Require(at + ".projects")
		if _, err := identity.HostSigner(name, host.Key); host.Key != "" && err != nil {
			doc.Fault(at+".key", "%v; starter doctor on that host prints the line", err)
		}
		if doc.Sound(at+".projects") && len(host.Projects) == 0 {
			doc.Fault(at+".projects", "names no Compose project; write at least one")
		}
		for _, project := range host.Names() {
			at := at + ".projects." + project
			p := host.Projects[project]
			p.check(doc, at, project)
			host.Projects[project] = p
			host.checkUpstreams(doc, at, project)
			for _, other := range host.Names() {
				if other < project && host.Projects[other].sameFiles(p) {
					doc.Fault(at+".directory", "%s is the directory of the project %s already; one directory makes one project", strictyaml.Quote(p.Directory), other)
				}
			}
		}
	}
}

// checkUpstreams reports upstreams that another project of the host, earlier by name, writes into the same file.
func (h Host) checkUpstreams(doc *strictyaml.Document, at, project string) {
	p := h.Projects[project]
	for _, name := range h.Names() {
		other := h.Projects[name]
		if name >= project || p.Nginx == nil || other.Nginx == nil || filepath.Clean(p.Nginx.Upstreams) != filepath.Clean(other.Nginx.Upstreams) {
			continue
		}
		taken := map[string]string{}
		for service, s := range other.Services {
			taken[s.Upstream] = service
		}
		for _, service := range slices.Sorted(maps.Keys(p.Services)) {
			upstream := p.Services[service].Upstream
			if owner, ok := taken[upstream]; ok && upstream != "" {
				doc.Fault(at+".services."+service+".upstream", "%s is the upstream of %s/%s already, in the same folder; give one of them another name or another folder",
					strictyaml.Quote(upstream), name, owner)
			}
		}
	}
}
