package scaling

import (
	"cmp"
	"fmt"
	"slices"
)

// Request is everything that a plan is made from. Policies and Endpoints are keyed by service.
type Request struct {
	Host    string
	Project string
	Targets []Target
	// BelowMin allows fewer replicas than the policy's minimum, because a person said so.
	BelowMin  bool
	Inventory Inventory
	// Services are all services of the Compose file, whether or not they are scaled.
	Services  []Service
	Policies  map[string]Policy
	Default Policy
	SharedVolume bool
	RouterFault string
	Place *Place
	Present map[string][]string
	NotVerified bool
	Endpoints map[string]Endpoint
	// NoCompose is why `docker compose` could not be asked; empty when it answered.
	NoCompose string
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
	// Add are the numbers of the replicas to make.
	Add []int `json:"add,omitempty"`
	// Remove are the live replicas to drain, stop and remove, in that order.
	Remove []Replica `json:"remove,omitempty"`
	// Discard are replicas that do not run (created, exited, dead). Compose counts them as
	// replicas, so they are removed when the change has succeeded.
	Discard []Replica `json:"discard,omitempty"`
	// Bootstrap says that the first replica is made by `docker compose up`, for want of a sibling.
	Bootstrap bool `json:"bootstrap,omitempty"`
	// GPUs says which GPU each new replica gets; empty for a service without a claim on VRAM.
	GPUs     []Assignment `json:"gpus,omitempty"`
	Policy   Policy       `json:"policy"`
	Endpoint Endpoint     `json:"endpoint"`
	Start []Replica `json:"start,omitempty"`
	Sibling string `json:"sibling,omitempty"`
	Refusals []Refusal    `json:"refusals,omitempty"`
	Warnings []string     `json:"warnings,omitempty"`
}

// Unchanged says whether there is nothing to do.
func (c Change) Unchanged() bool {
	return len(c.Add) == 0 && len(c.Remove) == 0 && len(c.Discard) == 0
}

// String names the change in one line, such as "app 1 → 4".
func (c Change) String() string { return fmt.Sprintf("%s %d → %d", c.Service, c.From, c.To) }

// MakePlan decides what has to be made and removed to reach every target, and collects all the
// reasons against it. It never stops at the first one.
func MakePlan(req Request) Plan {
	plan := Plan{Host: req.Host, Project: req.Project}
	for _, target := range req.Targets {
		plan.Changes = append(plan.Changes, change(req, target))
	}
	for i := range plan.Changes {
		plan.Changes[i].Refusals, plan.Changes[i].Warnings = preflight(req, plan.Changes[i])
	}
	return plan
}

func change(req Request, target Target) Change {
	c := Change{
		Service:  target.Service,
		To:       target.Replicas,
		Policy:   req.Policies[target.Service],
		Endpoint: req.Endpoints[target.Service],
	}
	var live []Replica
	last := 0
	for _, r := range req.Inventory.Of(target.Service) {
		last = max(last, r.Number)
		if r.Live() {
			live = append(live, r)
		} else {
			c.Discard = append(c.Discard, r)
		}
	}
	c.From = len(live)
	if c.To <= c.From {
		slices.SortStableFunc(live, byWorth)
		c.Keep, c.Remove = live[:max(c.To, 0)], live[max(c.To, 0):]
		slices.Reverse(c.Remove)
		slices.SortFunc(c.Keep, byNumber)
		return c
	}
	c.Keep = live
	c.Bootstrap = c.From == 0
	if c.Bootstrap {
		// Compose numbers its first replica itself: 1 when none is left, else it starts a stopped
		// one. Stopped ones are discarded first, so that the number is known.
		last = 0
	}
	for n := last + 1; len(c.Add) < c.To-c.From; n++ {
		c.Add = append(c.Add, n)
	}
	return c
}

// Live says whether the replica takes part in the service, even if it is ill.
func (r Replica) Live() bool {
	return r.State == "running" || r.State == "restarting" || r.State == "paused"
}

// byWorth puts the replicas worth keeping first: well before ill, then old numbers before new.
func byWorth(a, b Replica) int {
	return cmp.Or(cmp.Compare(illness(a), illness(b)), byNumber(a, b))
}

func byNumber(a, b Replica) int { return cmp.Compare(a.Number, b.Number) }

func illness(r Replica) int {
	switch {
	case !r.Running():
		return 2
	case r.Health == "unhealthy":
		return 1
	default:
		return 0
	}
}
