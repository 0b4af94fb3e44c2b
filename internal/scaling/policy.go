package scaling

import "slices"

const (
	// defaultStop is the engine's own time between SIGTERM and SIGKILL, in seconds.
	defaultStop = 10
	// blindObservation is how long a new replica is watched that nothing else says is well, in seconds.
	blindObservation = 10
	// defaultHealthInterval is the engine's interval of a health check that has none, in seconds.
	defaultHealthInterval = 30
)

// with resolves what the policy leaves to the service: a replica is never cut off earlier than its
// Compose file says.
func (p Policy) with(s Service) Policy {
	p.StopSeconds = max(p.StopSeconds, s.StopGraceSeconds)
	if p.StopSeconds == 0 {
		p.StopSeconds = defaultStop
	}
	return p
}

// observation returns for how many seconds a new replica is watched. An image may bring a health check
// of its own, which only its containers show.
func observation(p Policy, e Endpoint, s Service, replicas []Replica) int {
	checked := s.HealthCheck || slices.ContainsFunc(replicas, func(r Replica) bool { return r.Health != "" })
	switch {
	case p.ObserveSeconds != nil:
		return *p.ObserveSeconds
	case checked || e.Port > 0 && e.Ready != "":
		return 0
	default:
		return blindObservation
	}
}
