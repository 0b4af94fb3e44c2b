package scaling

import (
	"cmp"
	"slices"
	"strings"
)

// Live says whether the replica takes part in the service, even if it is unhealthy.
func (r Replica) Live() bool {
	return r.State == "running" || r.State == "restarting" || r.State == "paused"
}

// Unhealthy says whether a live replica is known not to work: its container health check or its health path
// fails, or it restarts again and again, or it is paused.
func (r Replica) Unhealthy() bool { return r.Live() && (!r.Running() || r.failing()) }

func (r Replica) failing() bool { return r.HealthFails || r.Health == "unhealthy" }

// fits says whether the replica is what Compose would make of the service now.
func (r Replica) fits(s Service) bool { return s.Hash != "" && r.ConfigHash == s.Hash }

// startable says whether a stopped replica can be started as it is. One that never ran lacks the configs and
// secrets that Compose writes before a start.
func (r Replica) startable(s Service) bool {
	whole := r.State == "exited" || r.State == "created" && len(s.WrittenFiles) == 0
	return whole && r.fits(s)
}

// choose fills in which replicas stay, are started, made and removed. pinned is the id of the replica
// whose namespaces or volumes other services use; it goes last.
func choose(c *Change, s Service, replicas []Replica, pinned string) {
	var live, stopped, startable []Replica
	last := 0
	for _, r := range replicas {
		last = max(last, r.Number)
		switch {
		case r.Live():
			live = append(live, r)
		case r.startable(s):
			startable = append(startable, r)
		default:
			stopped = append(stopped, r)
		}
	}
	c.From = len(live)
	if c.To <= c.From {
		slices.SortStableFunc(live, func(a, b Replica) int {
			return cmp.Or(compareTrue(a.ID == pinned, b.ID == pinned), byWorth(s, a, b))
		})
		c.Keep, c.Remove = live[:max(c.To, 0)], live[max(c.To, 0):]
		slices.Reverse(c.Remove)
		slices.SortFunc(c.Keep, byNumber)
		c.Discard = sorted(stopped, startable)
		return
	}
	c.Keep = live
	if c.Policy.ClaimMB == 0 {
		// One that claims VRAM is not started again: it would come back on the GPU that it had.
		n := min(c.To-c.From, len(startable))
		c.Start, startable = startable[:n:n], startable[n:]
	}
	missing := c.To - c.From - len(c.Start)
	if missing > 0 {
		if siblings := slices.Concat(live, c.Start, startable); len(siblings) > 0 {
			c.Sibling = slices.MinFunc(siblings, func(a, b Replica) int { return bySibling(s, a, b) })
		} else {
			// Compose numbers its first replica itself: 1 when none is left, else it starts a stopped
			// one. Stopped ones are discarded first, so that the number is known.
			c.Bootstrap, last = true, 0
		}
	}
	c.Discard = sorted(stopped, startable)
	for n := last + 1; n <= last+missing; n++ {
		c.Add = append(c.Add, n)
	}
}

// sorted joins two lists in the order of the replicas' numbers; nil when both are empty.
func sorted(a, b []Replica) []Replica {
	all := slices.Concat(a, b)
	slices.SortFunc(all, byNumber)
	return all
}

// byWorth puts the replicas worth keeping first: present before outdated, then healthy before unhealthy,
// then old numbers before new.
func byWorth(s Service, a, b Replica) int {
	outdated := 0
	if s.Hash != "" {
		outdated = compareTrue(a.fits(s), b.fits(s))
	}
	return cmp.Or(outdated, cmp.Compare(weakness(a), weakness(b)), byNumber(a, b))
}

// bySibling puts the best one to copy first: it has the present configuration, runs and is healthy.
func bySibling(s Service, a, b Replica) int {
	return cmp.Or(
		compareTrue(a.fits(s), b.fits(s)),
		compareTrue(a.State != "paused", b.State != "paused"),
		compareTrue(a.Live(), b.Live()),
		cmp.Compare(weakness(a), weakness(b)),
		byNumber(a, b),
	)
}

func byNumber(a, b Replica) int { return cmp.Compare(a.Number, b.Number) }

// compareTrue sorts what is true first.
func compareTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

func weakness(r Replica) int {
	switch {
	case !r.Running():
		return 2
	case r.failing():
		return 1
	default:
		return 0
	}
}

// users are the services with containers that use the namespaces or volumes of s.
func users(req Request, s Service) (out []string) {
	for _, name := range s.UsedBy {
		if len(req.Inventory.Of(name)) > 0 {
			out = append(out, name)
		}
	}
	return out
}

// joined returns the id of the replica whose namespaces or volumes other services use: Compose takes
// the first by name, a stopped one too. It is empty where nobody does.
func joined(req Request, s Service, replicas []Replica) string {
	if len(replicas) == 0 || len(users(req, s)) == 0 {
		return ""
	}
	return slices.MinFunc(replicas, func(a, b Replica) int { return strings.Compare(a.Name, b.Name) }).ID
}
