package dockerd

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"

	"github.com/evenkeel/evenkeel/activities"
)

// blueprint is everything that the engine has to be told to make a clone.
type blueprint struct {
	name   string
	config *container.Config
	host   *container.HostConfig
	// networks are joined in this order; the first one when the container is created. It is empty
	// when the network mode alone says where the container belongs.
	networks []endpoint
}

// endpoint is one network with the clone's names on it.
type endpoint struct {
	network  string
	settings *network.EndpointSettings
}

// copyOf returns what makes a clone of a sibling. Everything that is the sibling's own — name,
// number, addresses, anonymous volumes — is left behind or replaced; the rest is kept as it is,
// because it came from the Compose file. The sibling is not changed.
func copyOf(sibling container.InspectResponse, spec activities.CloneSpec) blueprint {
	name := cloneName(sibling, spec)
	config, host := *sibling.Config, *sibling.HostConfig

	config.Labels = maps.Clone(config.Labels)
	config.Labels[labelNumber] = strconv.Itoa(spec.Number)
	config.Labels[labelRun] = spec.MadeBy
	// Compose marks with it what replaced an older container.
	delete(config.Labels, labelReplace)

	// The engine fills these in at start; given back to it, they would be taken for wishes.
	if config.Hostname == shortID(sibling.ID) || host.NetworkMode.IsContainer() || host.UTSMode.IsHost() {
		config.Hostname = ""
	}
	if host.NetworkMode.IsContainer() {
		// Those of the image, which come again with it; the engine refuses the wish for any.
		config.ExposedPorts = nil
	}
	config.MacAddress = "" //nolint:staticcheck // engines before API 1.44 keep the address here
	host.ContainerIDFile = ""

	freshVolumes(&host)
	host.Links = renumbered(links(host.Links), spec.Project, sibling.Config.Labels[labelNumber], config.Labels[labelNumber])
	pinGPU(&config, &host, spec.GPU)
	return blueprint{name: name, config: &config, host: &host, networks: endpoints(sibling, spec, name)}
}

// cloneName keeps the separator of the sibling's own name: Compose v1 wrote project_service_1.
func cloneName(sibling container.InspectResponse, spec activities.CloneSpec) string {
	sep := "-"
	if strings.HasSuffix(sibling.Name, "_"+sibling.Config.Labels[labelNumber]) {
		sep = "_"
	}
	return spec.Project + sep + spec.Service + sep + strconv.Itoa(spec.Number)
}

// anonymous is the form of the name that the engine gives to a volume without one.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// freshVolumes takes the names off anonymous volumes, so that the engine makes new ones. They stand
// there by name once Compose has recreated a container and handed its volumes on.
func freshVolumes(host *container.HostConfig) {
	host.Mounts = slices.Clone(host.Mounts)
	for i, m := range host.Mounts {
		if m.Type == mount.TypeVolume && anonymous.MatchString(m.Source) {
			host.Mounts[i].Source = ""
		}
	}
	var binds []string
	for _, bind := range host.Binds {
		parts := strings.Split(bind, ":")
		if len(parts) < 2 || !anonymous.MatchString(parts[0]) {
			binds = append(binds, bind)
			continue
		}
		readOnly := len(parts) > 2 && slices.Contains(strings.Split(parts[2], ","), "ro")
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Target: parts[1], ReadOnly: readOnly})
	}
	host.Binds = binds
}

// endpoints returns the networks that the clone joins: the one of the network mode first, because
// the engine routes through it, then the others by name.
func endpoints(sibling container.InspectResponse, spec activities.CloneSpec, name string) []endpoint {
	if sibling.NetworkSettings == nil {
		return nil
	}
	mode := sibling.HostConfig.NetworkMode
	var out []endpoint
	for _, n := range slices.Sorted(maps.Keys(sibling.NetworkSettings.Networks)) {
		was := sibling.NetworkSettings.Networks[n]
		if was == nil || !container.NetworkMode(n).IsUserDefined() && n != network.NetworkBridge {
			continue
		}
		e := endpoint{network: n, settings: &network.EndpointSettings{
			Links:      renumbered(was.Links, spec.Project, sibling.Config.Labels[labelNumber], strconv.Itoa(spec.Number)),
			DriverOpts: was.DriverOpts, GwPriority: was.GwPriority,
		}}
		if container.NetworkMode(n).IsUserDefined() {
			e.settings.Aliases = aliases(was.Aliases, sibling, name)
		}
		first := n == string(mode) || was.NetworkID == string(mode) || n == network.NetworkBridge && !mode.IsUserDefined()
		if first {
			out = slices.Insert(out, 0, e)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// aliases returns the clone's names on one network: its own and those that belong to the service.
func aliases(was []string, sibling container.InspectResponse, name string) []string {
	own := []string{sibling.ID, shortID(sibling.ID), strings.TrimPrefix(sibling.Name, "/"), name}
	out := []string{name}
	for _, a := range was {
		if !slices.Contains(own, a) {
			out = append(out, a)
		}
	}
	return out
}

// shortID is the form of an id that the engine uses as host name and alias.
func shortID(id string) string { return id[:min(12, len(id))] }
