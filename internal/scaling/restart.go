package scaling

// Restart restarts the replicas of one service, one after the other. A workflow keeps it as its
// snapshot, as it does with a Change.
type Restart struct {
	Service string `json:"service"`
	// Replicas are those to restart, in that order. Where others run, stopped ones are left alone:
	// somebody stopped them. Where none runs, all are started.
	Replicas []Replica `json:"replicas,omitempty"`
	// UnhealthyBefore are the ids of those that were unhealthy before.
	UnhealthyBefore []string `json:"unhealthy_before,omitempty"`
	// Policy is the service's, with StopSeconds as in a Change; without a name where it has none.
	Policy         Policy    `json:"policy"`
	ObserveSeconds int       `json:"observe_seconds,omitempty"`
	Endpoint       Endpoint  `json:"endpoint"`
	Refusals       []Refusal `json:"refusals,omitempty"`
	Warnings       []string  `json:"warnings,omitempty"`
}

// MakeRestart decides what has to be restarted, and collects all the reasons against it. Targets,
// BelowMin and SharedVolume of the request do not count.
func MakeRestart(req Request, service string) Restart {
	s, _ := find(req.Services, service)
	all := req.Inventory.Of(service)
	r := Restart{Service: service, Policy: req.Policies[service].with(s), Endpoint: req.Endpoints[service]}
	r.ObserveSeconds = observation(r.Policy, r.Endpoint, s, all)
	for _, replica := range all {
		if replica.Live() {
			r.Replicas = append(r.Replicas, replica)
		}
		if replica.Unhealthy() {
			r.UnhealthyBefore = append(r.UnhealthyBefore, replica.ID)
		}
	}
	running := len(r.Replicas)
	if running == 0 {
		r.Replicas = restartable(all)
	}
	var f findings
	usable := true
	if s.Name == "" && len(all) > 0 {
		f.warn("the Compose project has no service %s any more; its containers are restarted as they are", service)
	} else {
		_, usable = checkService(req, service, &f)
	}
	if usable {
		if len(r.Replicas) == 0 {
			f.refuse(NothingToRestart, "%s has no container to restart", service)
		}
		if running == 0 {
			checkMissing(s, &f)
		}
		if fault := req.PolicyFaults[service]; fault != "" {
			f.refuse(NoPolicy, "%s has no policy: %s", service, fault)
		}
		checkRouter(req, r.Endpoint, r.Replicas, &f)
		warnOfRestart(req, r, s, running, &f)
	}
	r.Refusals, r.Warnings = f.refusals, f.warnings
	return r
}

// restartable leaves out what the engine cannot start any more.
func restartable(replicas []Replica) (out []Replica) {
	for _, r := range replicas {
		if r.State != "dead" && r.State != "removing" {
			out = append(out, r)
		}
	}
	return out
}

func warnOfRestart(req Request, r Restart, s Service, running int, f *findings) {
	if n := len(r.UnhealthyBefore); n > 0 {
		f.warn("%d of %d are unhealthy; the result is judged against that", n, running)
	}
	if running == 1 && r.Endpoint.Routed() {
		f.warn("%s has 1 replica: nothing answers while it restarts", r.Service)
	}
	warnOfUncounted(r.Service, r.Endpoint, f)
	if others := users(req, s); len(others) > 0 {
		f.warn("%s the namespaces or volumes of a replica of %s, and has to be restarted after it", use(others), r.Service)
	}
}
