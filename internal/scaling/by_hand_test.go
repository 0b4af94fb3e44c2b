package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestByHand(t *testing.T) {
	file := Shape{"image": "1", ShapeMemory: "m", "network shop_back": "n", "environment A": "1"}
	require.Empty(t, ByHand(file, file))
	require.Equal(t, []string{"cpu limit", "memory limit", "network shop_extra", "restart"}, ByHand(file, Shape{
		"image": "1", ShapeMemory: "more", ShapeCPU: "c", ShapeRestart: "always", "network shop_back": "n", "network shop_extra": "n", "environment A": "2",
	}))
	require.Equal(t, []string{"memory limit", "network shop_back"}, ByHand(file, Shape{"image": "1", "environment A": "1"}))
}

func TestCopied(t *testing.T) {
	_, ok := Copied(Service{}, []Replica{replica(1, "exited", "")})
	require.False(t, ok)
	r, ok := Copied(Service{Hash: "h"}, []Replica{of("old", replica(1, "running", "")), of("h", replica(2, "paused", "")), of("h", replica(3, "running", ""))})
	require.True(t, ok)
	require.Equal(t, 3, r.Number)
}

func TestWarningOfLinks(t *testing.T) {
	linked := func(_ *Request, s *Service) { s.Links = true }
	check(t, map[string]said{
		"copied": {to: 2, have: running(1), edit: linked, warnings: []string{
			"new replicas of app are linked to the containers that shop-app-1 was linked to when it was made; every service is reached by its name without links",
		}},
		"nothing to copy": {to: 1, have: running(2), edit: linked},
	})
}

func TestWarningOfChangesByHand(t *testing.T) {
	byHand := func(_ *Request, s *Service) { s.ByHand = []string{"memory limit", "network x"} }
	check(t, map[string]said{
		"copied": {to: 2, have: running(1), edit: byHand, warnings: []string{
			"shop-app-1 was changed by hand since it was made, in memory limit, network x; the new replicas are copies of it as it is",
		}},
		"nothing to copy": {to: 1, have: running(2), edit: byHand},
	})
}
