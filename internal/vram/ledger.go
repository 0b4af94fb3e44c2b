// Package vram keeps the books of who was promised how much memory of which GPU. What a driver
// calls free is not enough to decide by: a model that is being loaded and a decision that is a second
// old cannot be seen there. So each decision first reserves; a reservation becomes a claim when its
// model or replica starts, and both count until they are released or, for a reservation, expire.
//
// MB is 2^20 bytes.
package vram

import (
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Ledger is the books of one host. It is a value: a method that changes something returns the
// changed ledger and leaves its receiver alone. The zero value with a HeadroomRatio is an empty
// ledger.
type Ledger struct {
	// HeadroomRatio is the share of each GPU's total that stays free, 0 to 1.
	HeadroomRatio float64 `json:"headroom_ratio"`
	// ObservedAt is when the GPUs and the claims were last looked at.
	ObservedAt time.Time `json:"observed_at"`
	GPUs       []Watched `json:"gpus"`
	Claims     []Claim   `json:"claims"`
}

// Watched is a GPU as it was last seen, and what was concluded from it.
type Watched struct {
	GPU
	// OthersMB is what those without a claim use, the driver included.
	OthersMB int64 `json:"others_mb"`
}

// GPU is the memory of one GPU.
type GPU struct {
	UUID    string `json:"uuid"`
	Index   int    `json:"index"`
	TotalMB int64  `json:"total_mb"`
	// FreeMB is what the driver calls free: what it reserves for itself and what anybody uses is
	// not in it.
	FreeMB int64 `json:"free_mb"`
}

// State is how far a claim has come.
type State string

// The states of a claim, in their order.
const (
	Reserved  State = "reserved"  // decided on; expires unless it is committed
	Loading   State = "loading"   // started; its memory is growing
	Ready     State = "ready"     // its memory is in use
	Unloading State = "unloading" // told to go; counts in full until it is released
)

// Claim is memory of one GPU that is promised to one model or replica.
type Claim struct {
	// ID is the caller's, such as "<run id>/<step>"; the same ID is the same claim.
	ID string `json:"id"`
	// GPU is the UUID.
	GPU        string `json:"gpu"`
	DeclaredMB int64  `json:"declared_mb"`
	// ObservedMB is what it was last seen to use; nil while that is not known.
	ObservedMB *int64 `json:"observed_mb,omitempty"`
	State      State  `json:"state"`
	// Since is when it came into State.
	Since time.Time `json:"since"`
	// ExpiresAt is set in state Reserved only.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// CountsMB is what is promised: the larger of declared and observed.
func (c Claim) CountsMB() int64 {
	if c.ObservedMB != nil {
		return max(c.DeclaredMB, *c.ObservedMB)
	}
	return c.DeclaredMB
}

// Claim returns the claim of that id.
func (l Ledger) Claim(id string) (Claim, bool) {
	if i := l.find(id); i >= 0 {
		return l.Claims[i], true
	}
	return Claim{}, false
}

// PromisedMB is what all claims on a GPU count together.
func (l Ledger) PromisedMB(uuid string) int64 {
	var sum int64
	for _, c := range l.Claims {
		if c.GPU == uuid {
			sum += c.CountsMB()
		}
	}
	return sum
}

// RoomMB is how much more can be promised of a GPU so that its headroom stays free once every promise
// is used to the full. It is negative when the headroom is broken already. ok is false for a GPU that
// the last look did not show.
func (l Ledger) RoomMB(uuid string) (room int64, ok bool) {
	g, ok := l.watched(uuid)
	if !ok {
		return 0, false
	}
	return g.TotalMB - g.OthersMB - l.PromisedMB(uuid) - gpu.HeadroomMB(g.TotalMB, l.HeadroomRatio), true
}

func (l Ledger) watched(uuid string) (Watched, bool) {
	i := slices.IndexFunc(l.GPUs, func(g Watched) bool { return g.UUID == uuid })
	if i < 0 {
		return Watched{GPU: GPU{UUID: uuid}}, false
	}
	return l.GPUs[i], true
}

func (l Ledger) find(id string) int {
	return slices.IndexFunc(l.Claims, func(c Claim) bool { return c.ID == id })
}
