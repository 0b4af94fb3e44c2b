package vram

import (
	"fmt"
	"slices"
	"time"
)

// Observation is one look at the host.
type Observation struct {
	At time.Time `json:"at"`
	// GPUs are those whose memory is known. One that did not answer or does not say is left out, and
	// nothing can be reserved on it until it is seen again.
	GPUs []GPU `json:"gpus"`
	// ClaimsMB is what the claims were seen to use, by id. One that could not be measured is left out,
	// which is not the same as 0.
	ClaimsMB map[string]int64 `json:"claims_mb"`
}

// Observe replaces what the ledger knows of the host. A look that is older than the last one tells
// nothing and is ignored.
func (l Ledger) Observe(o Observation) Ledger {
	if o.At.Before(l.ObservedAt) {
		return l
	}
	l.ObservedAt = o.At
	l.Claims = slices.Clone(l.Claims)
	for i := range l.Claims {
		l.Claims[i].ObservedMB = nil
		if mb, ok := o.ClaimsMB[l.Claims[i].ID]; ok {
			l.Claims[i].ObservedMB = &mb
		}
	}
	before := l
	l.GPUs = nil
	for _, g := range o.GPUs {
		l.GPUs = append(l.GPUs, Watched{GPU: g, OthersMB: before.others(g)})
	}
	slices.SortFunc(l.GPUs, func(a, b Watched) int { return a.Index - b.Index })
	return l
}

// others concludes how much of a GPU those without a claim use. A claim that could not be measured
// may hold nothing or all that it is promised, which leaves a range; within it the last
// conclusion stands. So it is neither counted twice while it loads nor taken for memory of others.
func (l Ledger) others(g GPU) int64 {
	most := g.TotalMB - g.FreeMB
	least := most
	for _, c := range l.Claims {
		switch {
		case c.GPU != g.UUID:
		case c.ObservedMB != nil:
			most -= *c.ObservedMB
			least -= *c.ObservedMB
		case c.State != Reserved:
			least -= c.DeclaredMB
		}
	}
	conclusion := most
	if last, ok := l.watched(g.UUID); ok {
		conclusion = min(max(last.OthersMB, least), most)
	}
	return max(conclusion, 0)
}

// Expire drops the reservations whose time is over at now. Every other change does so first.
func (l Ledger) Expire(now time.Time) Ledger {
	l.Claims = slices.DeleteFunc(slices.Clone(l.Claims), func(c Claim) bool {
		return c.State == Reserved && !now.Before(c.ExpiresAt)
	})
	return l
}

// Commit makes a claim of a reservation, because what it was made for is starting now. Committing
// twice changes nothing. The error says that the reservation has expired or never was: reserve again.
func (l Ledger) Commit(id string, now time.Time) (Ledger, error) {
	l = l.Expire(now)
	i := l.find(id)
	if i < 0 {
		return l, fmt.Errorf("there is no reservation %s; it has expired or was released", id)
	}
	if c := &l.Claims[i]; c.State == Reserved {
		c.State, c.Since, c.ExpiresAt = Loading, now, time.Time{}
	}
	return l, nil
}

// Advance says that a claim is Ready or Unloading now. It only goes forwards: one that is there
// already or further stays as it is. The error says that there is no such claim, that it is only
// reserved, or that state is neither of the two.
func (l Ledger) Advance(id string, state State, now time.Time) (Ledger, error) {
	if state != Ready && state != Unloading {
		return l, fmt.Errorf("a claim cannot be advanced to %q; say %s or %s", state, Ready, Unloading)
	}
	l = l.Expire(now)
	i := l.find(id)
	if i < 0 || l.Claims[i].State == Reserved {
		return l, fmt.Errorf("there is no claim %s; commit its reservation first", id)
	}
	if c := &l.Claims[i]; c.State == Loading || c.State == Ready && state == Unloading {
		c.State, c.Since = state, now
	}
	return l, nil
}

// Release drops a reservation or a claim. Call it for a claim when its memory was seen to be back, not
// when somebody said so. An id that is not there is not an error: it may have expired.
func (l Ledger) Release(id string, now time.Time) Ledger {
	l = l.Expire(now)
	if i := l.find(id); i >= 0 {
		l.Claims = slices.Delete(l.Claims, i, i+1)
	}
	return l
}
