package scaling

import "testing"

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
		"a router of another":   {to: 2, have: running(1), edit: beside("proxy", "haproxy"), warnings: text("haproxy (service proxy) may send", "")},
		"without a port":        {to: 1, have: running(2), edit: func(r *Request, s *Service) { beside("proxy", "haproxy")(r, s); r.Services[0].Ports = nil }},
		"the router itself":     {to: 1, have: running(2), edit: func(r *Request, s *Service) { consumer(r, s); s.Router = "traefik" }},
		"nothing to do":         {to: 2, have: running(2), edit: beside("caddy", "caddy")},
		"managed by evenkeel, without in_flight": {
			to: 1, have: running(2), edit: func(r *Request, _ *Service) { r.Endpoints["app"] = Endpoint{Port: 8080, Upstream: "app"} },
			warnings: []string{"without in_flight the drain of app ends when nginx's old workers are gone; work that did not come through nginx is not waited for"},
		},
	})
}
