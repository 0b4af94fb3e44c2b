package app

import (
	"context"
	"errors"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/nvml"
	"github.com/evenkeel/evenkeel/internal/gpu"
)

// gpus are the GPUs of this host as the gate needs them: a host without a probe is not a host
// without a GPU, and must not pass for one.
type gpus struct {
	*nvml.Supervisor
}

// Snapshot reads all GPUs. Only where there is no driver or no device is it NotFound.
func (g gpus) Snapshot(ctx context.Context) (gpu.Snapshot, error) {
	s, err := g.Supervisor.Snapshot(ctx)
	cause, ok := errors.AsType[*nvml.Error](err)
	if !ok {
		return s, err
	}
	switch cause.Cause {
	case nvml.NoLibrary, nvml.NotLoaded, nvml.NoGPU:
		return s, activities.Fail(activities.NotFound, cause)
	default:
		return s, activities.Fail(activities.Unavailable, cause)
	}
}
