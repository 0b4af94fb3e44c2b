package scaling

import (
	"cmp"
	"fmt"
	"strings"
)

// checkOnlyOne finds what only one container can have.
func checkOnlyOne(c Change, s Service, f *findings) {
	if s.ContainerName != "" {
		f.refuse(FixedContainerName, "%s has container_name %q, which only one replica can have; remove it from the Compose file", s.Name, s.ContainerName)
	}
	for _, port := range s.FixedPorts {
		f.refuse(FixedHostPort, "%s publishes the fixed host port %s, which only one replica can have; publish it on the load balancer instead", s.Name, port)
	}
	for _, r := range s.PortRanges {
		if size := r.Last - r.First + 1; c.Grows() && size < c.To {
			f.refuse(PortRangeUsedUp, "%s publishes the host ports %s, which are %d for %d replicas, %d of them free; a range of at least %d would be right",
				s.Name, r, size, c.To, max(size-c.From, 0), c.To)
		}
	}
	for _, address := range s.StaticAddresses {
		f.refuse(StaticAddress, "%s has the static address %s, which only one replica can have; remove it from the Compose file", s.Name, address)
	}
	for _, address := range s.LinkLocal {
		f.refuse(LinkLocalAddress, "%s has the link-local address %s, which only one replica can have; remove it from the Compose file", s.Name, address)
	}
	checkListening(c, s, f)
}

// checkListening finds replicas that would listen on one port of one network namespace.
func checkListening(c Change, s Service, f *findings) {
	port := knownPort(c, s)
	if !c.Grows() || port == 0 {
		return
	}
	if s.NetworkMode == "host" {
		f.refuse(HostNetwork, "%s is in the host's network, where only one replica can listen on port %d; put it on a network of the project", s.Name, port)
	} else if owner := namespaceOwner(s); owner != "" {
		f.refuse(PortClash, "%s is in the network of %s, where only one replica can listen on port %d; put it on a network of the project", s.Name, owner, port)
	}
}

// knownPort is a port that every replica listens on, by the configuration or by what the health check asks; 0 when
// none is known. What `expose` and `ports` name proves nothing: in another's namespace they open no port.
func knownPort(c Change, s Service) int { return cmp.Or(c.Endpoint.Port, s.HealthPort) }

// namespaceOwner names whose network namespace the service is in; empty where it has its own.
func namespaceOwner(s Service) string {
	kind, owner, _ := strings.Cut(s.NetworkMode, ":")
	if kind == "service" || kind == "container" {
		return owner
	}
	return ""
}

func warnOfNetwork(c Change, s Service, f *findings) {
	if !c.Grows() || c.To < 2 || knownPort(c, s) > 0 {
		return
	}
	port := "a port"
	if len(s.Ports) > 0 {
		port = fmt.Sprintf("port %d, which the file names", s.Ports[0])
	}
	if owner := namespaceOwner(s); owner != "" {
		f.warn("all replicas of %s are in the network of %s, where only one of them can listen on %s", s.Name, owner, port)
	} else if s.NetworkMode == "host" {
		f.warn("all replicas of %s are in the host's network, where only one of them can listen on %s", s.Name, port)
	}
}

// String writes the range as a Compose file does, such as "127.0.0.1:8080-8083/udp".
func (r PortRange) String() string {
	text := fmt.Sprintf("%d-%d", r.First, r.Last)
	if r.HostIP != "" {
		if strings.Contains(r.HostIP, ":") {
			text = "[" + r.HostIP + "]:" + text
		} else {
			text = r.HostIP + ":" + text
		}
	}
	if r.Protocol != "" && r.Protocol != "tcp" {
		text += "/" + r.Protocol
	}
	return text
}
