package compose

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// referring puts the first container of each service in place of the references to it, as Compose does
// before it makes a container.
func referring(s types.ServiceConfig, ids map[string][]string) types.ServiceConfig {
	for _, mode := range []*string{&s.NetworkMode, &s.Ipc, &s.Pid} {
		if of, ok := strings.CutPrefix(*mode, types.ServicePrefix); ok && len(ids[of]) > 0 {
			*mode = types.ContainerPrefix + ids[of][0]
		}
	}
	s.VolumesFrom = slices.Clone(s.VolumesFrom)
	for i, from := range s.VolumesFrom {
		// The mode behind the name is dropped.
		name, rest, _ := strings.Cut(from, ":")
		switch {
		case name == "container":
			s.VolumesFrom[i], _, _ = strings.Cut(rest, ":")
		case len(ids[name]) > 0:
			s.VolumesFrom[i] = ids[name][0]
		}
	}
	return s
}

// referred returns the services whose namespaces or volumes a service uses, sorted.
func referred(s types.ServiceConfig) []string {
	var out []string
	for _, mode := range []string{s.NetworkMode, s.Ipc, s.Pid} {
		if of, ok := strings.CutPrefix(mode, types.ServicePrefix); ok {
			out = append(out, of)
		}
	}
	for _, from := range s.VolumesFrom {
		if name, _, _ := strings.Cut(from, ":"); name != "container" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
