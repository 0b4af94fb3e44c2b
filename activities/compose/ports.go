package compose

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// fixedPorts returns the published ports that only one container can have, such as "8080",
// "127.0.0.1:8080" or "53/udp".
func fixedPorts(ports []types.ServicePortConfig) []string {
	var out []string
	for _, p := range ports {
		first, last := portRange(p.Published)
		if first == 0 || first != last {
			continue
		}
		fixed := strconv.Itoa(first)
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

// portRanges returns the published ranges, of which each container takes one port.
func portRanges(ports []types.ServicePortConfig) []scaling.PortRange {
	var out []scaling.PortRange
	for _, p := range ports {
		if first, last := portRange(p.Published); first < last {
			out = append(out, scaling.PortRange{HostIP: p.HostIP, First: first, Last: last, Protocol: p.Protocol})
		}
	}
	return out
}

// portRange returns the ends of "8080" or "8080-8083"; 0, 0 where the engine may take any free port.
func portRange(text string) (first, last int) {
	from, to, isRange := strings.Cut(text, "-")
	first, err := strconv.Atoi(from)
	if err != nil || first <= 0 {
		return 0, 0
	}
	if last, err = strconv.Atoi(to); !isRange || err != nil || last < first {
		return first, first
	}
	return first, last
}

// ports returns the TCP ports inside the container that the file names.
func ports(s types.ServiceConfig) []int {
	found := map[int]bool{}
	for _, p := range s.Ports {
		if p.Protocol == "" || p.Protocol == "tcp" {
			found[int(p.Target)] = true
		}
	}
	for _, text := range s.Expose {
		text, protocol, _ := strings.Cut(text, "/")
		first, last := portRange(text)
		if first == 0 || protocol != "" && protocol != "tcp" {
			continue
		}
		for port := first; port <= last; port++ {
			found[port] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
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

// linkLocal returns "network address" for each fixed link-local address.
func linkLocal(networks map[string]*types.ServiceNetworkConfig) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if n := networks[name]; n != nil {
			for _, address := range n.LinkLocalIPs {
				out = append(out, name+" "+address)
			}
		}
	}
	return out
}
