package scaling

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// checkRouter finds why the replicas that stay could not get traffic. New ones are copies of a sibling
// and have its networks.
func checkRouter(req Request, e Endpoint, members []Replica, f *findings) {
	if !e.Routed() {
		return
	}
	if req.RouterFault != "" {
		f.refuse(RouterDown, "the router cannot be changed: %s", req.RouterFault)
		return
	}
	if req.Place == nil {
		return
	}
	members = slices.DeleteFunc(slices.Clone(members), func(r Replica) bool { return !r.Running() })
	if _, _, err := Members(*req.Place, members, e.Port, req.Present[e.Upstream]); err != nil {
		f.refuse(NoSharedNetwork, "%s", err)
	}
	if req.Unreached != "" {
		f.warn("requests fail now: %s; see whether port is right", req.Unreached)
	}
	if req.NotVerified {
		f.warn("not verified through the router: the worker cannot look from where the router stands")
	}
}

// Strays are the members of an upstream that none of a service's replicas is behind.
func Strays(replicas []Replica, port int, present []string) []string {
	return slices.DeleteFunc(slices.Clone(present), func(member string) bool {
		return slices.ContainsFunc(replicas, func(r Replica) bool {
			return slices.ContainsFunc(r.Networks, func(a Attachment) bool {
				return a.Address != "" && net.JoinHostPort(a.Address, strconv.Itoa(port)) == member
			})
		})
	})
}

// checkStrays keeps a new replica from getting the requests of another service: the engine gives it an address that is
// free, and the router may still send that service's requests there.
func checkStrays(req Request, c Change, f *findings) {
	for _, service := range slices.Sorted(maps.Keys(req.Strays)) {
		strays := req.Strays[service]
		if service == c.Service || len(strays) == 0 {
			continue
		}
		running := slices.DeleteFunc(req.Inventory.Of(service), func(r Replica) bool { return !r.Running() })
		f.refuse(StaleUpstream, "the router still sends requests for %s to %s, where no replica of %s is any more, and a new replica of %s may get that address; correct it first: starter scale %s/%s=%d",
			service, strings.Join(strays, ", "), service, c.Service, req.Project, service, max(1, len(running)))
	}
}

// stale says whether the router has members that none of the replicas which stay is behind.
func stale(req Request, c Change) bool {
	present := req.Present[c.Endpoint.Upstream]
	if req.Place == nil || len(present) == 0 {
		return false
	}
	running := slices.DeleteFunc(slices.Clone(c.Keep), func(r Replica) bool { return !r.Running() })
	members, _, err := Members(*req.Place, running, c.Endpoint.Port, present)
	return err == nil && slices.ContainsFunc(present, func(a string) bool { return !slices.Contains(members, a) })
}

// warnOfRequests says which requests are going to fail, and when nobody can tell.
func warnOfRequests(req Request, c Change, s Service, f *findings) {
	if !c.Endpoint.Routed() {
		return
	}
	if c.To == 0 && c.From > 0 {
		f.warn("with no replica every request to %s fails, from the first moment on", c.Service)
	}
	checked := s.HealthCheck || slices.ContainsFunc(req.Inventory.Of(c.Service), func(r Replica) bool { return r.Health != "" })
	if c.Grows() && c.Endpoint.Ready == "" && c.Endpoint.Health == "" && !checked {
		f.warn("nothing tells when a replica of %s is ready: it gets requests as soon as it runs and takes connections; write ready for it", c.Service)
	}
}

// warnOfRouters says what a router that evenkeel does not manage makes impossible, and what a drain
// through nginx does not cover.
func warnOfRouters(req Request, c Change, s Service, f *findings) {
	if c.Unchanged() {
		return
	}
	if c.Endpoint.Routed() {
		if len(c.Remove) > 0 {
			warnOfUncounted(c.Service, c.Endpoint, f)
		}
		return
	}
	subject, kind := foreignRouter(req, c, s)
	if subject == "" {
		return
	}
	if c.Grows() && kind == "nginx" {
		f.warn("%s %s its requests, and new replicas get none before it is reloaded; name an upstream for it in evenkeel.yaml, and evenkeel does that", subject, c.Service)
	} else if c.Grows() {
		f.warn("%s %s its requests, to new replicas as soon as it sees them, ready or not", subject, c.Service)
	}
	if len(c.Remove) == 0 {
		return
	}
	seconds := c.Policy.StopSeconds
	if c.Endpoint.Drain == "" {
		seconds = max(seconds, c.Policy.DrainSeconds) // SIGTERM is all that says so, and gets the time of a drain
	}
	kept := fmt.Sprintf("it has %d s from SIGTERM on to finish them", seconds)
	if s.PreStop {
		kept = "pre_stop runs first, then " + kept
	}
	f.warn("%s %s its requests; evenkeel cannot take a replica out of it before it stops, so requests at work may be cut; %s", subject, c.Service, kept)
}

// warnOfUncounted says what the drain of a routed service misses that does not count its work.
func warnOfUncounted(service string, e Endpoint, f *findings) {
	if e.Routed() && e.InFlight == "" {
		f.warn("without in_flight the drain of %s ends when nginx's old workers are gone; work that did not come through nginx is not waited for", service)
	}
}

// foreignRouter says who sends an unrouted service its requests, and the kind of that router: the one that its own
// labels speak to, else one of the project, which may. It is empty for a service that nobody sends requests, and for a
// consumer, which is told to drain.
func foreignRouter(req Request, c Change, s Service) (subject, kind string) {
	if s.Router != "" {
		return "", ""
	}
	if s.RoutedBy != "" {
		return s.RoutedBy + " sends", s.RoutedBy
	}
	// Compose opens every port to the services of the project, so that none in the file proves nothing; but where
	// evenkeel steers the router, what gets requests is known.
	steered := slices.ContainsFunc(slices.Collect(maps.Values(req.Endpoints)), Endpoint.Routed)
	if c.Endpoint.Drain != "" || s.Database != "" || steered && len(s.Ports) == 0 && c.Endpoint.Port == 0 {
		return "", ""
	}
	i := slices.IndexFunc(req.Services, func(o Service) bool { return o.Router != "" })
	if i < 0 {
		return "", ""
	}
	router := req.Services[i]
	if router.Name == router.Router {
		return router.Name + " may send", router.Router
	}
	return router.Router + " (service " + router.Name + ") may send", router.Router
}
