package scaling

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/vram"
)

// Assignment is the GPU that a new replica gets.
type Assignment struct {
	// Number is the replica's Compose container number.
	Number int `json:"number"`
	// GPU is the UUID, Index its number for people.
	GPU   string `json:"gpu"`
	Index int    `json:"index"`
	// Claim is the id under which the memory is promised.
	Claim string `json:"claim"`
}

// ClaimID is the id of a replica's claim on VRAM.
func ClaimID(project, service string, number int) string {
	return fmt.Sprintf("%s/%s/%d", project, service, number)
}

// ReservationTTL is how long VRAM stays promised to a replica that has not started: the whole of
// making containers, with its retries, and some more.
const ReservationTTL = 15 * time.Minute

// Reservations are what the new replicas of a change need, each on the GPUs that its place in the
// service allows: see vram.MayUse. The ledger is one that has observed the host.
func Reservations(project string, c Change, ledger vram.Ledger) []vram.Request {
	var out []vram.Request
	for i, number := range c.Add {
		request := vram.Request{ID: ClaimID(project, c.Service, number), MB: c.Policy.ClaimMB, TTL: ReservationTTL}
		for _, g := range vram.MayUse(ledger.GPUs, len(c.Keep)+i+1) {
			request.GPUs = append(request.GPUs, g.UUID)
		}
		out = append(out, request)
	}
	return out
}

// Gate holds a change against the VRAM of its host, without promising anything: it sets the GPU of
// each new replica, or refuses with the GPU, the need and the shortfall. noGPU is why the host has
// none; empty when it has. The ledger that comes back holds what the change would be promised, for the
// next change of the same plan.
func Gate(project string, c Change, ledger vram.Ledger, noGPU string, now time.Time) (Change, vram.Ledger) {
	if !c.Claims() {
		return c, ledger
	}
	if noGPU != "" {
		if c.Policy.GPUOptional {
			c.Warnings = append(c.Warnings, fmt.Sprintf("no GPU on this host (%s); allowed, because the policy %s says gpu.optional", noGPU, c.Policy.Name))
		} else {
			c.Refusals = append(c.Refusals, Refusal{Code: NoGPU, Message: fmt.Sprintf("%s needs %d MB of VRAM and this host has no GPU: %s", c.Service, c.Policy.ClaimMB, noGPU)})
		}
		return c, ledger
	}
	for i, request := range Reservations(project, c, ledger) {
		next, decision, err := ledger.Reserve(request, now)
		switch {
		case err != nil:
			c.Refusals = append(c.Refusals, Refusal{Code: VRAMHeadroom, Message: err.Error()})
		case !decision.Granted:
			c.Refusals = append(c.Refusals, Refusal{Code: VRAMHeadroom, Message: fmt.Sprintf("%s #%d: %s", c.Service, c.Add[i], decision.Refusal())})
		default:
			c.GPUs = append(c.GPUs, Assignment{Number: c.Add[i], GPU: decision.GPU.UUID, Index: decision.GPU.Index, Claim: request.ID})
			ledger = next
			continue
		}
		return c, ledger // what comes after would lack at least as much
	}
	return c, ledger
}

// Claims says whether the change needs VRAM.
func (c Change) Claims() bool { return c.Policy.ClaimMB > 0 && len(c.Add) > 0 }

// GPU is the UUID of the GPU that the new replica of that number gets; empty when it gets none.
func (c Change) GPU(number int) string {
	for _, a := range c.GPUs {
		if a.Number == number {
			return a.GPU
		}
	}
	return ""
}
