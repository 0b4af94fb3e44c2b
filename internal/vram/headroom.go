package vram

import "math"

// HeadroomMB is how much of a GPU has to stay free: ratio of the total, in whole MB. It is rounded
// up, because a share that is only nearly free is not free.
func HeadroomMB(totalMB int64, ratio float64) int64 {
	const noise = 1e-6 // 0.3 × 30000 is a little over 9000 in binary
	return int64(math.Ceil(float64(totalMB)*ratio - noise))
}

// MayUse returns the GPUs that a service of so many replicas may use, the new one counted: the first
// one up to 2, the first two up to 4, all of them from 5 on. gpus are in the order of their index.
func MayUse[T any](gpus []T, replicas int) []T {
	switch {
	case replicas <= 2:
		return gpus[:min(1, len(gpus))]
	case replicas <= 4:
		return gpus[:min(2, len(gpus))]
	default:
		return gpus
	}
}
