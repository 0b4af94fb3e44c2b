package compose

import (
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Shape returns the service's definition as digests, to be compared with a container's. Errors are those of
// Hash.
func (p *Project) Shape(ctx context.Context, service string) (scaling.Shape, error) {
	m, s, err := p.resolved(ctx, service)
	if err != nil {
		return nil, err
	}
	return m.shape(s), nil
}

func (m *model) shape(s types.ServiceConfig) scaling.Shape {
	out := scaling.Shape{scaling.ShapeImage: scaling.Digest(m.image(s))}
	text := func(key, value string) {
		if value != "" {
			out[key] = scaling.Digest(value)
		}
	}
	list := func(key string, values []string) {
		if len(values) > 0 {
			out[key] = scaling.Digest(values...)
		}
	}
	list(scaling.ShapeCommand, s.Command)
	list(scaling.ShapeEntrypoint, s.Entrypoint)
	text(scaling.ShapeUser, s.User)
	text(scaling.ShapeWorkingDir, s.WorkingDir)
	for name, value := range s.Environment {
		if value != nil {
			out[scaling.ShapeEnvironment(name)] = scaling.Digest(*value)
		}
	}
	for name, value := range s.Labels {
		if !scaling.OwnLabel(name) {
			out[scaling.ShapeLabel(name)] = scaling.Digest(value)
		}
	}
	if check := s.HealthCheck; check != nil && check.Disable {
		list(scaling.ShapeHealthcheck, []string{"NONE"})
	} else if check != nil {
		list(scaling.ShapeHealthcheck, check.Test)
	}
	shapeLimits(out, s)
	shapePorts(out, s.Ports)
	m.shapeMounts(out, s)
	m.shapeNetworks(out, s)
	return out
}

func shapeLimits(out scaling.Shape, s types.ServiceConfig) {
	memory, cpus := int64(s.MemLimit), s.CPUS
	restart, retries, _ := strings.Cut(s.Restart, ":")
	attempts, _ := strconv.Atoi(retries)
	if s.Deploy != nil {
		if l := s.Deploy.Resources.Limits; l != nil {
			if l.MemoryBytes != 0 {
				memory = int64(l.MemoryBytes)
			}
			if l.NanoCPUs != 0 {
				cpus = float32(l.NanoCPUs)
			}
		}
		if policy := s.Deploy.RestartPolicy; policy != nil {
			restart, attempts = policy.Condition, 0
			if policy.MaxAttempts != nil {
				attempts = int(*policy.MaxAttempts)
			}
		}
	}
	if memory != 0 {
		out[scaling.ShapeMemory] = scaling.Digest(strconv.FormatInt(memory, 10))
	}
	if cpus != 0 {
		out[scaling.ShapeCPU] = scaling.ShapeCPUs(int64(cpus * 1e9))
	}
	switch restart {
	case "", "no", "none":
		return
	case "any":
		restart = "always"
	}
	out[scaling.ShapeRestart] = scaling.ShapeRestartPolicy(restart, attempts)
}

func shapePorts(out scaling.Shape, ports []types.ServicePortConfig) {
	bindings := map[string][]string{}
	for _, p := range ports {
		protocol := p.Protocol
		if protocol == "" {
			protocol = "tcp"
		}
		key := scaling.ShapePort(int(p.Target), protocol)
		bindings[key] = append(bindings[key], p.HostIP+":"+p.Published)
	}
	for key, of := range bindings {
		out[key] = scaling.ShapeBindings(of)
	}
}

func (m *model) shapeMounts(out scaling.Shape, s types.ServiceConfig) {
	mount := func(target, kind, source string, readOnly bool) {
		out[scaling.ShapeMount(path.Clean(target))] = scaling.ShapeMounted(kind, source, readOnly)
	}
	for _, ref := range references(s) {
		if o := m.object(ref); m.source(ref) == fromFile {
			mount(ref.target(), types.VolumeTypeBind, path.Clean(o.File), true)
		}
	}
	for _, t := range s.Tmpfs {
		target, _, _ := strings.Cut(t, ":")
		mount(target, types.VolumeTypeTmpfs, "", false)
	}
	for _, v := range s.Volumes {
		switch v.Type {
		case types.VolumeTypeBind:
			mount(v.Target, v.Type, path.Clean(v.Source), v.ReadOnly)
		case types.VolumeTypeVolume:
			mount(v.Target, v.Type, m.Volumes[v.Source].Name, v.ReadOnly)
		case types.VolumeTypeTmpfs:
			mount(v.Target, v.Type, "", false)
		}
	}
}

func (m *model) shapeNetworks(out scaling.Shape, s types.ServiceConfig) {
	switch kind, _, _ := strings.Cut(s.NetworkMode, ":"); kind {
	case "":
		for name := range s.Networks {
			out[scaling.ShapeNetwork(m.Networks[name].Name)] = scaling.Digest()
		}
	case "service", "container":
		out[scaling.ShapeNetworkMode] = scaling.Digest("container")
	case "host", "none", "bridge":
		out[scaling.ShapeNetworkMode] = scaling.Digest(kind)
	default:
		// A network of the engine by its name.
		out[scaling.ShapeNetwork(s.NetworkMode)] = scaling.Digest()
	}
}
