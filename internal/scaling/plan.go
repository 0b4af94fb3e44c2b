package scaling

import (
	"fmt"
	"slices"
)

// Request is everything that a plan is made from. Policies and Endpoints are keyed by service.
type Request struct {
	Host    string
	Project string
	Targets []Target
	// BelowMin allows fewer replicas than the policy's minimum, because a person said so.
	BelowMin bool
	// SharedVolume allows a database of which only one may write to write beside others into one
	// volume, because a person said so.
	SharedVolume bool
	// Restore takes the services back to numbers that they had: the policy's bounds and the rule of the single
	// writer do not apply.
	Restore   bool
	Inventory Inventory
	// Services are all services of the Compose file, whether or not they are scaled.
	Services  []Service
	Policies  map[string]Policy
	Endpoints map[string]Endpoint
	// PolicyFaults say why a service has no policy, where that is a fault of the policy's file.
	PolicyFaults map[string]string
	// NoCompose is why `docker compose` cannot be run; empty when it can.
	NoCompose string
	// Place is where the router stands; nil where there is none or it is not known.
	Place *Place
	// RouterFault is why the router cannot be changed now; empty when it can.
	RouterFault string
	// Present are the members that each managed upstream has now.
	Present map[string][]string
	// Strays are, by service, the members of its upstream that are no replica's of it any more.
	Strays map[string][]string
	// Unreached is why the router does not reach the replicas that there are; empty when it does.
	Unreached string
	// NotVerified says that the worker cannot look from where the router stands.
	NotVerified bool
}

// Plan is what one request would do on one host, in the order of its targets.
type Plan struct {
	Host    string   `json:"host"`
	Project string   `json:"project"`
	Changes []Change `json:"changes"`
}

// Refused says whether any change of the plan is refused. A plan is carried out whole or not at all.
func (p Plan) Refused() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return len(c.Refusals) > 0 })
}

// Change takes one service from one number of replicas to another. A workflow keeps it as its
// snapshot: what the policy and the configuration said at the start holds to the end of the run.
type Change struct {
	Service string `json:"service"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	// Keep are the live replicas that stay.
	Keep []Replica `json:"keep,omitempty"`
	// UnhealthyBefore are the ids of those of Keep that were unhealthy before the change. Whether it
	// has succeeded is not judged by them.
	UnhealthyBefore []string `json:"unhealthy_before,omitempty"`
	// Start are stopped replicas that are what Compose would make now; they are started instead of
	// making new ones.
	Start []Replica `json:"start,omitempty"`
	// Add are the numbers of the replicas to make.
	Add []int `json:"add,omitempty"`
	// Sibling is the replica that those of Add are copies of: a live one, else the first of Start,
	// else, for a service that claims VRAM, a stopped one that is also in Discard. It is empty where
	// there is nothing to copy.
	Sibling Replica `json:"sibling,omitzero"`
	// Remove are the live replicas to drain, stop and remove, in that order.
	Remove []Replica `json:"remove,omitempty"`
	// Discard are replicas that do not run (created, exited, dead). Compose counts them as replicas,
	// so they are removed when the change has succeeded; before Compose makes the first replica where
	// Bootstrap is set, as Compose would start one of them instead.
	Discard []Replica `json:"discard,omitempty"`
	// Bootstrap says that the first replica is made by `docker compose up`, for want of a sibling.
	Bootstrap bool `json:"bootstrap,omitempty"`
	// Stale says that the router has members that no replica of Keep is behind: one that is gone, or that
	// does not run. They go before anything starts, since a new replica may get such an address and would
	// get traffic before it is ready. Where replicas are only removed it is never set.
	Stale bool `json:"stale,omitempty"`
	// GPUs says which GPU each new replica gets; empty for a service without a claim on VRAM.
	GPUs []Assignment `json:"gpus,omitempty"`
	// Policy is the service's; its StopSeconds are already the longer ones, see Policy.
	Policy Policy `json:"policy"`
	// ObserveSeconds is how long a new replica is watched for restarts and exits before it counts; 0
	// for not at all.
	ObserveSeconds int       `json:"observe_seconds,omitempty"`
	Endpoint       Endpoint  `json:"endpoint"`
	Refusals       []Refusal `json:"refusals,omitempty"`
	Warnings       []string  `json:"warnings,omitempty"`
}

// Unchanged says whether there is nothing to do.
func (c Change) Unchanged() bool {
	return len(c.Start) == 0 && len(c.Add) == 0 && len(c.Remove) == 0 && len(c.Discard) == 0
}

// Grows says whether the change brings replicas into the service.
func (c Change) Grows() bool { return len(c.Start)+len(c.Add) > 0 }

// String names the change in one line, such as "app 1 → 4".
func (c Change) String() string { return fmt.Sprintf("%s %d → %d", c.Service, c.From, c.To) }

// MakePlan decides what has to be made and removed to reach every target, and collects all the
// reasons against it. It never stops at the first one.
func MakePlan(req Request) Plan {
	plan := Plan{Host: req.Host, Project: req.Project}
	for _, target := range req.Targets {
		c := change(req, target)
		c.Refusals, c.Warnings = preflight(req, c)
		plan.Changes = append(plan.Changes, c)
	}
	return plan
}

func change(req Request, target Target) Change {
	service, _ := find(req.Services, target.Service)
	replicas := req.Inventory.Of(target.Service)
	c := Change{
		Service:  target.Service,
		To:       target.Replicas,
		Policy:   req.Policies[target.Service].with(service),
		Endpoint: req.Endpoints[target.Service],
	}
	c.ObserveSeconds = observation(c.Policy, c.Endpoint, service, replicas)
	choose(&c, service, replicas, joined(req, service, replicas))
	c.Stale = len(c.Remove) == 0 && stale(req, c)
	for _, r := range c.Keep {
		if r.Unhealthy() {
			c.UnhealthyBefore = append(c.UnhealthyBefore, r.ID)
		}
	}
	return c
}
