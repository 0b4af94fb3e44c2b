package dockerd

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Shape returns a container as digests. What it has as its image gives it is marked so; where the
// engine has that image no more, nothing is. One that is gone is NotFound.
func (e *Engine) Shape(ctx context.Context, id string) (scaling.Shape, error) {
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return nil, classed("inspect "+shortID(id), err)
	}
	var given container.Config
	switch img, err := e.api.ImageInspect(ctx, c.Image); {
	case errdefs.IsNotFound(err):
	case err != nil:
		return nil, classed("inspect image "+c.Image, err)
	case img.Config != nil:
		i := img.Config
		given = container.Config{
			Cmd: i.Cmd, Entrypoint: i.Entrypoint, User: i.User, WorkingDir: i.WorkingDir,
			Env: i.Env, Labels: i.Labels, Volumes: i.Volumes, Healthcheck: i.Healthcheck,
		}
	}
	return shapeOf(c, given), nil
}

// shaping is a shape in the making.
type shaping scaling.Shape

// option puts an option unless it is not set, and marks it where it is what the image gives.
func (s shaping) option(key string, has, given []string) {
	switch {
	case len(has) == 0 || len(has) == 1 && has[0] == "":
	case slices.Equal(has, given):
		s[key] = scaling.FromImage(scaling.Digest(has...))
	default:
		s[key] = scaling.Digest(has...)
	}
}

func shapeOf(c container.InspectResponse, given container.Config) scaling.Shape {
	s := shaping{}
	s.option(scaling.ShapeImage, []string{c.Config.Image}, nil)
	s.option(scaling.ShapeCommand, c.Config.Cmd, given.Cmd)
	s.option(scaling.ShapeEntrypoint, c.Config.Entrypoint, given.Entrypoint)
	s.option(scaling.ShapeUser, []string{c.Config.User}, []string{given.User})
	s.option(scaling.ShapeWorkingDir, []string{c.Config.WorkingDir}, []string{given.WorkingDir})
	if h := c.Config.Healthcheck; h != nil {
		var imageTest []string
		if given.Healthcheck != nil {
			imageTest = given.Healthcheck.Test
		}
		s.option(scaling.ShapeHealthcheck, h.Test, imageTest)
	}
	s.environment(c.Config.Env, given.Env)
	for name, value := range c.Config.Labels {
		if scaling.OwnLabel(name) {
			continue
		}
		s[scaling.ShapeLabel(name)] = scaling.Digest(value)
		if imageValue, ok := given.Labels[name]; ok && imageValue == value {
			s[scaling.ShapeLabel(name)] = scaling.FromImage(scaling.Digest(value))
		}
	}
	if c.HostConfig.Memory > 0 {
		s[scaling.ShapeMemory] = scaling.Digest(strconv.FormatInt(c.HostConfig.Memory, 10))
	}
	if c.HostConfig.NanoCPUs > 0 {
		s[scaling.ShapeCPU] = scaling.ShapeCPUs(c.HostConfig.NanoCPUs)
	}
	if r := c.HostConfig.RestartPolicy; !r.IsNone() && r.Name != "" {
		s[scaling.ShapeRestart] = scaling.ShapeRestartPolicy(string(r.Name), r.MaximumRetryCount)
	}
	s.networks(c)
	s.ports(c.HostConfig)
	s.mounts(c, given.Volumes)
	return scaling.Shape(s)
}

func (s shaping) environment(has, given []string) {
	for _, v := range has {
		name, value, set := strings.Cut(v, "=")
		if !set {
			continue
		}
		s[scaling.ShapeEnvironment(name)] = scaling.Digest(value)
		if slices.Contains(given, v) {
			s[scaling.ShapeEnvironment(name)] = scaling.FromImage(scaling.Digest(value))
		}
	}
}

func (s shaping) networks(c container.InspectResponse) {
	switch mode := c.HostConfig.NetworkMode; {
	case mode.IsContainer():
		s[scaling.ShapeNetworkMode] = scaling.Digest("container")
	case mode.IsHost(), mode.IsNone():
		s[scaling.ShapeNetworkMode] = scaling.Digest(string(mode))
	case !mode.IsUserDefined():
		s[scaling.ShapeNetworkMode] = scaling.Digest("bridge")
	case c.NetworkSettings != nil:
		for name := range c.NetworkSettings.Networks {
			s[scaling.ShapeNetwork(name)] = scaling.Digest()
		}
	}
}

func (s shaping) ports(host *container.HostConfig) {
	for port, bindings := range host.PortBindings {
		var all []string
		for _, b := range bindings {
			// To the engine 0 is any port.
			all = append(all, b.HostIP+":"+strings.TrimPrefix(b.HostPort, "0"))
		}
		if len(all) > 0 {
			s[scaling.ShapePort(port.Int(), port.Proto())] = scaling.ShapeBindings(all)
		}
	}
}

func (s shaping) mounts(c container.InspectResponse, given map[string]struct{}) {
	for target := range c.HostConfig.Tmpfs {
		s[scaling.ShapeMount(target)] = scaling.ShapeMounted(string(mount.TypeTmpfs), "", false)
	}
	own := ownTargets(c)
	for _, m := range c.Mounts {
		if len(c.HostConfig.VolumesFrom) > 0 && !own[m.Destination] {
			continue // it is another container's
		}
		source := m.Source
		switch m.Type {
		case mount.TypeVolume:
			source = m.Name
			if anonymous.MatchString(source) {
				source = ""
			}
		case mount.TypeTmpfs:
			source = ""
		default:
		}
		value := scaling.ShapeMounted(string(m.Type), source, !m.RW)
		if _, ok := given[m.Destination]; ok && m.Type == mount.TypeVolume && source == "" {
			value = scaling.FromImage(value)
		}
		s[scaling.ShapeMount(m.Destination)] = value
	}
	// The engine lists a tmpfs among the mounts in some releases only.
	for _, m := range c.HostConfig.Mounts {
		if m.Type == mount.TypeTmpfs {
			s[scaling.ShapeMount(m.Target)] = scaling.ShapeMounted(string(m.Type), "", m.ReadOnly)
		}
	}
}

// ownTargets returns where a container mounts what it names itself, or its image does.
func ownTargets(c container.InspectResponse) map[string]bool {
	own := map[string]bool{}
	for target := range c.Config.Volumes {
		own[target] = true
	}
	for _, m := range c.HostConfig.Mounts {
		own[m.Target] = true
	}
	for _, bind := range c.HostConfig.Binds {
		if parts := strings.Split(bind, ":"); len(parts) > 1 {
			own[parts[1]] = true
		}
	}
	return own
}
