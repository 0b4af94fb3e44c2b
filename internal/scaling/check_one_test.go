package scaling

import "testing"

func TestOnlyOneCanHaveIt(t *testing.T) {
	mode := func(mode string, endpoint Endpoint, ports ...int) func(*Request, *Service) {
		return func(r *Request, s *Service) {
			s.NetworkMode, s.Ports = mode, ports
			r.Endpoints["app"] = endpoint
		}
	}
	ports := func(ranges ...PortRange) func(*Request, *Service) {
		return func(_ *Request, s *Service) { s.PortRanges = ranges }
	}
	check(t, map[string]said{
		"host network, a port of the configuration": {
			to: 2, have: running(1), edit: mode("host", Endpoint{Port: 8080}),
			refusals: []Refusal{{HostNetwork, "app is in the host's network, where only one replica can listen on port 8080; put it on a network of the project"}},
		},
		"host network, a port of the file": {
			to: 2, have: running(1), edit: mode("host", Endpoint{}, 9000, 9001),
			warnings: []string{"all replicas of app are in the host's network, where only one of them can listen on port 9000, which the file names"},
		},
		"host network, no known port": {
			to: 2, have: running(1), edit: mode("host", Endpoint{}),
			warnings: []string{"all replicas of app are in the host's network, where only one of them can listen on a port"},
		},
		"host network, one replica": {to: 1, edit: mode("host", Endpoint{Port: 8080})},
		"host network, going down":  {to: 2, have: running(3), edit: mode("host", Endpoint{Port: 8080})},
		"another's network, a known port": {
			to: 2, have: running(1), edit: mode("service:b", Endpoint{Port: 8080}),
			refusals: []Refusal{{PortClash, "app is in the network of b, where only one replica can listen on port 8080; put it on a network of the project"}},
		},
		"another's network": {
			to: 2, have: running(1), edit: mode("service:b", Endpoint{}),
			warnings: []string{"all replicas of app are in the network of b, where only one of them can listen on a port"},
		},
		"another's network, a port that only the file names": {
			to: 2, have: running(1), edit: mode("service:b", Endpoint{}, 9000),
			warnings: []string{"all replicas of app are in the network of b, where only one of them can listen on port 9000, which the file names"},
		},
		"another's network, a port that the health check asks": {
			to: 2, have: running(1), edit: func(r *Request, s *Service) {
				mode("service:b", Endpoint{}, 9000)(r, s)
				s.HealthCheck, s.HealthIntervalSeconds, s.HealthPort = true, 5, 8080
			},
			refusals: []Refusal{{PortClash, "app is in the network of b, where only one replica can listen on port 8080; put it on a network of the project"}},
		},
		"no network": {to: 2, have: running(1), edit: mode("none", Endpoint{Port: 8080})},
		"a range that is enough": {
			to: 4, have: running(1), edit: ports(PortRange{First: 8080, Last: 8083}),
		},
		"a range that is not": {
			to: 4, have: running(1), edit: ports(PortRange{HostIP: "127.0.0.1", First: 8080, Last: 8081, Protocol: "tcp"}),
			refusals: []Refusal{{PortRangeUsedUp, "app publishes the host ports 127.0.0.1:8080-8081, which are 2 for 4 replicas, 1 of them free; a range of at least 4 would be right"}},
		},
		"a range on IPv6, used up": {
			to: 4, have: running(2), edit: ports(PortRange{HostIP: "::1", First: 53, Last: 54, Protocol: "udp"}),
			refusals: []Refusal{{PortRangeUsedUp, "app publishes the host ports [::1]:53-54/udp, which are 2 for 4 replicas, 0 of them free; a range of at least 4 would be right"}},
		},
		"a link-local address": {
			to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.LinkLocal = []string{"back 169.254.8.8"} },
			refusals: []Refusal{{LinkLocalAddress, "app has the link-local address back 169.254.8.8, which only one replica can have; remove it from the Compose file"}},
		},
	})
}
