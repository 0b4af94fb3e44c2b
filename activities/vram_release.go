package activities

import (
	"context"
	"fmt"
	"time"
)

// MaxGPURelease is the longest time for which a host's GPUs are let go of: nobody is at a host for
// longer, and until it is over no service that claims VRAM is scaled up.
const MaxGPURelease = 24 * time.Hour

// GPURelease asks a host's worker to let go of its GPUs.
type GPURelease struct {
	// ForSeconds is for how long, 1 to MaxGPURelease.
	ForSeconds int `json:"for_seconds"`
}

// ReleaseGPUs ends the process that reads the host's GPUs and starts no other for a while, because a
// GPU can be reset, or its mode changed, only while no process holds it. It returns when that while is
// over. Until then there are no figures of the GPUs and the gate refuses. Again, it begins anew. A
// driver that does not let go is Unavailable, a time that is too short or too long InvalidInput.
func (v *VRAM) ReleaseGPUs(ctx context.Context, r GPURelease) (time.Time, error) {
	d := time.Duration(r.ForSeconds) * time.Second
	if d < time.Second || d > MaxGPURelease {
		return time.Time{}, Classify(ctx, Fail(InvalidInput, fmt.Errorf("the GPUs can be let go of for 1s to %s, not %s", MaxGPURelease, d)))
	}
	until, err := v.GPUs.Release(ctx, d)
	return until.UTC(), Classify(ctx, err)
}

// ResumeGPUs ends what ReleaseGPUs began; it is idempotent.
func (v *VRAM) ResumeGPUs(ctx context.Context) error {
	return Classify(ctx, v.GPUs.Resume(ctx))
}
