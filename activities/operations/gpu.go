package operations

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// gpus are the operations about the host's GPUs.
type gpus struct{ gpus activities.GPUs }

// headroom is the free share of the host's GPUs. One that does not answer leaves nothing to be said: it may be
// the fullest. One whose memory belongs to MIG instances or to the host is left out.
func (of gpus) headroom(ctx context.Context, _ task) (condition.Values, error) {
	snapshot, err := of.gpus.Snapshot(ctx)
	if activities.ClassOf(err) == activities.NotFound {
		return nil, activities.Fail(activities.NotFound, fmt.Errorf("this host has no GPU: %w", err))
	}
	if err != nil {
		return nil, err
	}
	for _, g := range snapshot.GPUs {
		if g.Fault != nil {
			return nil, activities.Fail(activities.Unavailable, fmt.Errorf("GPU %d: %s", g.Index, g.Fault))
		}
	}
	known, others := vram.Known(snapshot)
	if len(known) == 0 {
		return nil, activities.Fail(activities.NotFound, fmt.Errorf("this host has no GPU whose memory can be told %q", others))
	}
	var free []float64
	for _, g := range known {
		free = append(free, gpu.FreeRatio(g.FreeMB, g.TotalMB))
	}
	return condition.Values{"gpus": len(free), "min_free_ratio": slices.Min(free), "max_free_ratio": slices.Max(free)}, nil
}

func (gpus) refuse(r *refusals, u use) {
	if r.noGPU != "" {
		r.add(u.at, "this host has no GPU: %s", r.noGPU)
	}
}
