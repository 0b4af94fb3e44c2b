package vram

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
