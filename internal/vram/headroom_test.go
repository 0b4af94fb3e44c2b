package vram

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMayUse(t *testing.T) {
	gpus := []int{0, 1, 2, 3}
	for replicas, want := range map[int][]int{
		0: {0}, 1: {0}, 2: {0}, 3: {0, 1}, 4: {0, 1}, 5: {0, 1, 2, 3}, 9: {0, 1, 2, 3},
	} {
		require.Equal(t, want, MayUse(gpus, replicas), "%d replicas", replicas)
	}
	require.Equal(t, []int{0}, MayUse(gpus[:1], 4))
	require.Empty(t, MayUse([]int{}, 1))
}
