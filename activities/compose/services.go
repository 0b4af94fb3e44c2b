package compose

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

const mb = 1 << 20

// Services returns every service of the Compose file in order of its name, those of profiles
// included, without Hash and ImagePresent.
func (f *File) Services(ctx context.Context) ([]scaling.Service, error) {
	p, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	var out []scaling.Service
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		out = append(out, service(p.Name, p.Services[name]))
	}
	return out, nil
}

// service keeps what decides how far a service can be scaled.
func service(project string, s types.ServiceConfig) scaling.Service {
	out := scaling.Service{
		Name: s.Name,
		// The second is the name that Compose gives to what it builds.
		Image:           cmp.Or(s.Image, project+"-"+s.Name),
		ContainerName:   s.ContainerName,
		FixedPorts:      fixedPorts(s.Ports),
		StaticAddresses: staticAddresses(s.Networks),
		CPULimit:        float(s.CPUS),
		MemoryLimitMB:   megabytes(s.MemLimit),
		MemoryReserveMB: megabytes(s.MemReservation),
	}
	if s.Deploy == nil {
		return out
	}
	// What stands under deploy wins over the older keys, as in Compose.
	if l := s.Deploy.Resources.Limits; l != nil {
		out.CPULimit = cmp.Or(float(float32(l.NanoCPUs)), out.CPULimit)
		out.MemoryLimitMB = cmp.Or(megabytes(l.MemoryBytes), out.MemoryLimitMB)
	}
	if r := s.Deploy.Resources.Reservations; r != nil {
		out.CPUReserve = float(float32(r.NanoCPUs))
		out.MemoryReserveMB = cmp.Or(megabytes(r.MemoryBytes), out.MemoryReserveMB)
	}
	return out
}

// fixedPorts returns the published ports that only one container can have, such as "8080",
// "127.0.0.1:8080" or "53/udp".
func fixedPorts(ports []types.ServicePortConfig) []string {
	var out []string
	for _, p := range ports {
		if rangeSize(p.Published) != 1 {
			continue
		}
		fixed := p.Published
		if p.HostIP != "" {
			fixed = net.JoinHostPort(p.HostIP, fixed)
		}
		if p.Protocol != "" && p.Protocol != "tcp" {
			fixed += "/" + p.Protocol
		}
		out = append(out, fixed)
	}
	return out
}

// rangeSize returns how many host ports the engine may choose from: 0 when it may take any free one.
func rangeSize(published string) int {
	from, to, isRange := strings.Cut(published, "-")
	first, err := strconv.Atoi(from)
	if err != nil || first == 0 {
		return 0
	}
	if !isRange {
		return 1
	}
	last, err := strconv.Atoi(to)
	if err != nil {
		return 1
	}
	return max(1, last-first+1)
}

// staticAddresses returns "network address" for each fixed address, in order of the network.
func staticAddresses(networks map[string]*types.ServiceNetworkConfig) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		n := networks[name]
		if n == nil {
			continue
		}
		for _, address := range []string{n.Ipv4Address, n.Ipv6Address} {
			if address != "" {
				out = append(out, name+" "+address)
			}
		}
	}
	return out
}

// float returns the shortest number that the reader's 32 bits stand for: 0.1 stays 0.1.
func float(f float32) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	return v
}

// megabytes rounds up, because 0 means that there is no limit.
func megabytes(b types.UnitBytes) int64 { return (int64(b) + mb - 1) / mb }
