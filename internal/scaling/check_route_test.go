package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRouterOfThePlan(t *testing.T) {
	place := func(network string) func(*Request, *Service) {
		return func(r *Request, _ *Service) {
			r.Place = &Place{Networks: []Attachment{{NetworkID: network, Network: network}}}
			for i := range r.Inventory.Replicas {
				r.Inventory.Replicas[i].Networks = []Attachment{{NetworkID: "front", Network: "front", Address: "10.0.0.2"}}
			}
		}
	}
	down := func(r *Request, _ *Service) { r.RouterFault = "shop-nginx-1 is exited" }
	isDown := []Refusal{{RouterDown, "the router cannot be changed: shop-nginx-1 is exited"}}
	apart := []Refusal{{NoSharedNetwork, "the router is on back and shop-app-1 is on front: they share none; put both on one network"}}
	check(t, map[string]said{
		"one network":                   {to: 2, have: running(1), edit: place("front")},
		"two networks":                  {to: 2, have: running(1), edit: place("back"), refusals: apart},
		"two networks, nothing else":    {to: 1, have: running(1), edit: place("back"), refusals: apart},
		"two networks, not routed":      {to: 2, have: running(1), edit: func(r *Request, s *Service) { place("back")(r, s); r.Endpoints = nil }},
		"two networks, one is paused":   {to: 1, have: []Replica{replica(1, "paused", "")}, edit: place("back"), warnings: []string{"shop-app-1 is paused"}},
		"the router is down":            {to: 2, have: running(1), edit: down, refusals: isDown},
		"the router is down, from none": {to: 1, edit: down, refusals: isDown},
		"the router is down, nothing": {to: 0, edit: func(r *Request, s *Service) {
			down(r, s)
			r.BelowMin = true
		}},
		"nobody can look": {
			to: 2, have: running(1), edit: func(r *Request, s *Service) { place("front")(r, s); r.NotVerified = true },
			warnings: []string{"not verified through the router: the worker cannot look from where the router stands"},
		},
	})
}

// A new replica must not get the address to which the router still sends the requests of another service.
func TestStrays(t *testing.T) {
	api := func(id, address string) Replica {
		return Replica{ID: id, Name: "shop-api-" + id, Service: "api", State: "running", Networks: []Attachment{{Address: "10.9.0.1"}, {Address: address}}}
	}
	require.Empty(t, Strays([]Replica{api("1", "10.0.0.2")}, 8080, []string{"10.0.0.2:8080"}))
	require.Empty(t, Strays(nil, 8080, nil))
	require.Equal(t, []string{"10.0.0.3:8080", "10.0.0.2:9090"}, Strays([]Replica{api("1", "10.0.0.2")}, 8080, []string{"10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.2:9090"}))
	stray := func(service string) func(*Request, *Service) {
		return func(r *Request, _ *Service) {
			r.Strays = map[string][]string{service: {"10.0.0.3:8080"}}
			r.Inventory.Replicas = append(r.Inventory.Replicas, api("1", "10.0.0.2"), api("2", "10.0.0.4"))
		}
	}
	check(t, map[string]said{
		"another's": {to: 2, have: running(1), edit: stray("api"), refusals: []Refusal{{StaleUpstream, "the router still sends requests for api to 10.0.0.3:8080, where no replica of api is any more, " +
			"and a new replica of app may get that address; correct it first: starter scale shop/api=2"}}},
		"its own":          {to: 2, have: running(1), edit: stray("app")},
		"nothing is added": {to: 1, have: running(2), edit: stray("api")},
	})
}

func TestRoutersOfOthers(t *testing.T) {
	consumer := func(r *Request, s *Service) {
		r.Endpoints, s.Ports, s.StopGraceSeconds = nil, []int{8080}, 30
	}
	beside := func(name, kind string) func(*Request, *Service) {
		return func(r *Request, s *Service) {
			consumer(r, s)
			r.Services = append(r.Services, Service{Name: name, Router: kind})
		}
	}
	text := func(subject, kept string) []string {
		return []string{subject + " app its requests; evenkeel cannot take a replica out of it before it stops, so requests at work may be cut; " + kept + "it has 30 s from SIGTERM on to finish them"}
	}
	check(t, map[string]said{
		"nobody":                {to: 1, have: running(2), edit: consumer},
		"its own labels":        {to: 1, have: running(2), edit: func(r *Request, s *Service) { consumer(r, s); s.RoutedBy, s.Ports, s.PreStop = "traefik", nil, true }, warnings: text("traefik sends", "pre_stop runs first, then ")},
		"a router of that name": {to: 1, have: running(2), edit: beside("caddy", "caddy"), warnings: text("caddy may send", "")},
		"a router of another":   {to: 1, have: running(2), edit: beside("proxy", "haproxy"), warnings: text("haproxy (service proxy) may send", "")},
		"up": {to: 2, have: running(1), edit: beside("proxy", "haproxy"), warnings: []string{
			"haproxy (service proxy) may send app its requests, to new replicas as soon as it sees them, ready or not",
		}},
		"up, nginx": {to: 2, have: running(1), edit: beside("nginx", "nginx"), warnings: []string{
			"nginx may send app its requests, and new replicas get none before it is reloaded; name an upstream for it in evenkeel.yaml, and evenkeel does that",
		}},
		"without a port": {
			to: 1, have: running(2), edit: func(r *Request, s *Service) { beside("proxy", "haproxy")(r, s); r.Services[0].Ports = nil },
			warnings: text("haproxy (service proxy) may send", ""),
		},
		"without a port, where another service is routed": {to: 1, have: running(2), edit: func(r *Request, s *Service) {
			beside("proxy", "haproxy")(r, s)
			r.Services[0].Ports, r.Endpoints = nil, map[string]Endpoint{"web": {Port: 80, Upstream: "web"}}
		}},
		"a consumer": {to: 1, have: running(2), edit: func(r *Request, s *Service) {
			beside("proxy", "haproxy")(r, s)
			r.Endpoints = map[string]Endpoint{"app": {Port: 80, Drain: "/drain"}}
		}},
		"the router itself": {to: 1, have: running(2), edit: func(r *Request, s *Service) { consumer(r, s); s.Router = "traefik" }},
		"nothing to do":     {to: 2, have: running(2), edit: beside("caddy", "caddy")},
		"managed by evenkeel, without in_flight": {
			to: 1, have: running(2), edit: func(r *Request, _ *Service) { r.Endpoints["app"] = Endpoint{Port: 8080, Upstream: "app"} },
			warnings: []string{"without in_flight the drain of app ends when nginx's old workers are gone; work that did not come through nginx is not waited for"},
		},
	})
}

// An address of the upstream that no replica is behind any more may come back as a new replica's.
func TestStaleMembers(t *testing.T) {
	at := func(address string) Replica {
		r := replica(1, "running", "")
		r.Networks = []Attachment{{NetworkID: "1", Network: "front", Address: address}}
		return r
	}
	for name, c := range map[string]struct {
		to      int
		have    Replica
		present []string
		want    bool
	}{
		"one that is gone":          {2, at("10.0.0.1"), []string{"10.0.0.1:8080", "10.0.0.2:8080"}, true},
		"one that has moved":        {2, at("10.0.0.1"), []string{"10.0.0.9:8080"}, true},
		"none":                      {2, at("10.0.0.1"), []string{"10.0.0.1:8080"}, false},
		"no file yet":               {2, at("10.0.0.1"), nil, false},
		"nothing else to do":        {1, at("10.0.0.1"), []string{"10.0.0.2:8080"}, true},
		"fewer: the route is first": {0, at("10.0.0.1"), []string{"10.0.0.2:8080"}, false},
		"the only one does not run": {1, replica(1, "exited", ""), []string{"10.0.0.1:8080"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(c.to, c.have)
			request.Place = &Place{Networks: []Attachment{{NetworkID: "1", Network: "front"}}}
			request.Present = map[string][]string{"app": c.present}
			require.Equal(t, c.want, MakePlan(request).Changes[0].Stale)
		})
	}
}

func TestWarningsOfRequests(t *testing.T) {
	check(t, map[string]said{
		"nothing tells": {to: 2, have: running(1), edit: func(r *Request, _ *Service) {
			r.Endpoints = map[string]Endpoint{"app": {Port: 8080, Upstream: "app", InFlight: "in_flight"}}
		}, warnings: []string{"nothing tells when a replica of app is ready: it gets requests as soon as it runs and takes connections; write ready for it"}},
		"a check of the container": {to: 2, have: running(1), edit: func(r *Request, s *Service) {
			r.Endpoints = map[string]Endpoint{"app": {Port: 8080, Upstream: "app", InFlight: "in_flight"}}
			s.HealthCheck, s.HealthIntervalSeconds = true, 5
		}},
		"to none": {to: 0, have: running(1), edit: func(r *Request, _ *Service) { r.BelowMin = true }, warnings: []string{
			"with no replica every request to app fails, from the first moment on",
		}},
		"not reached": {to: 2, have: running(1), edit: func(r *Request, _ *Service) {
			r.Place = &Place{OnHost: true}
			for i := range r.Inventory.Replicas {
				r.Inventory.Replicas[i].Networks = []Attachment{{NetworkID: "1", Network: "front", Driver: "bridge", Address: "10.0.0.1"}}
			}
			r.Unreached = "the router does not reach 10.0.0.1:8080 (connection refused)"
		}, warnings: []string{"requests fail now: the router does not reach 10.0.0.1:8080 (connection refused); see whether port is right"}},
	})
}
