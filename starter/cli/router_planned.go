package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// plannedRouter is the router that a project will have once it is started: an nginx without a container, of
// which the files are known that it mounts from the host; nil where there is none.
func plannedRouter(ctx context.Context, project *compose.Project, services []scaling.Service) *router {
	for _, s := range services {
		if s.Router != "nginx" {
			continue
		}
		d, err := unmade(ctx, project, s.Name)
		if err != nil {
			return nil
		}
		d.HostConfig.NetworkMode = s.NetworkMode
		if r := readRouter(s.Name, d, d.mounted); len(r.config.Passes) > 0 {
			return &r
		}
	}
	return nil
}

// unmade is what of a container is known before it is made: what it mounts, and its networks by name.
func unmade(ctx context.Context, project *compose.Project, service string) (d details, err error) {
	mounts, err := project.Mounts(ctx, service)
	if err != nil {
		return d, err
	}
	for _, m := range mounts {
		d.Mounts = append(d.Mounts, mount{Type: "bind", Source: m.Source, Destination: m.Target})
	}
	resources, err := project.Resources(ctx, service)
	d.NetworkSettings.Networks = map[string]attachment{}
	for _, r := range resources {
		if r.Kind == "network" {
			d.NetworkSettings.Networks[r.Name] = attachment{}
		}
	}
	return d, err
}

// mounted returns the files of a pattern that are mounted from the host.
func (d details) mounted(pattern string) []nginxconf.File {
	folder, base := filepath.Split(pattern)
	on, ok := d.onHost(filepath.Clean(folder))
	if whole, single := d.onHost(pattern); single && !strings.Contains(pattern, "*") {
		on, base, ok = filepath.Dir(whole), filepath.Base(whole), true
	}
	if !ok {
		return nil
	}
	names, _ := filepath.Glob(filepath.Join(on, base)) // a pattern that is none names nothing
	var out []nginxconf.File
	for _, name := range names {
		inside := filepath.Join(folder, filepath.Base(name))
		if !strings.Contains(pattern, "*") {
			inside = pattern
		}
		if text, err := textfile.Read(name, fileLimit); err == nil {
			out = append(out, nginxconf.File{Path: inside, Text: string(text)})
		}
	}
	return out
}
