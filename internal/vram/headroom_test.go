package vram

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeadroomMB(t *testing.T) {
	for _, c := range []struct {
		total int64
		ratio float64
		want  int64
	}{
		{24576, 0.20, 4916}, {24564, 0.20, 4913}, {20000, 0.20, 4000}, {30000, 0.3, 9000}, {143771, 0.20, 28755}, {10, 0, 0}, {3, 0.5, 2},
	} {
		require.Equal(t, c.want, HeadroomMB(c.total, c.ratio), "%d × %g", c.total, c.ratio)
	}
}

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
