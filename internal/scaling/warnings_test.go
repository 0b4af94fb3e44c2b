package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWarnings(t *testing.T) {
	nothing := func(*Request, *Service) {}
	check(t, map[string]said{
		"all were unhealthy before": {
			to: 1, have: []Replica{replica(1, "running", "unhealthy"), replica(2, "running", "unhealthy")}, edit: nothing,
			warnings: []string{"2 of 2 are unhealthy; the result is judged against that"},
		},
		"a paused one and a crashing one": {
			to: 4, have: []Replica{replica(1, "paused", ""), replica(2, "restarting", ""), replica(3, "running", "")}, edit: nothing,
			warnings: []string{"shop-app-1 is paused", "1 of 3 are unhealthy; the result is judged against that"},
		},
		"the tag has moved": {
			to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.ImageID = "sha256:b" },
			warnings: []string{"the tag app:1 names another image now; new replicas get the one of shop-app-1"},
		},
		"the tag has moved since it was stopped": {
			to: 1, have: []Replica{replica(3, "exited", "")}, edit: func(_ *Request, s *Service) { s.ImageID = "sha256:b" },
			warnings: []string{"the tag app:1 names another image now; new replicas get the one of shop-app-3"},
		},
		"the file has another number": {
			to: 4, have: running(1), edit: func(_ *Request, s *Service) { s.Scale = 1 },
			warnings: []string{"a later `docker compose up -d` takes app back to 1, the number in the Compose file"},
		},
		"the file has another number, nothing to do": {to: 4, have: running(4), edit: func(_ *Request, s *Service) { s.Scale = 1 }},
	})
}

// The result of a change is not judged by replicas that were unhealthy before and stay.
func TestUnhealthyBefore(t *testing.T) {
	have := []Replica{replica(1, "running", "unhealthy"), replica(2, "running", "healthy"), replica(3, "paused", ""), replica(4, "running", "starting")}
	require.Equal(t, []string{have[0].ID, have[2].ID}, MakePlan(wellFormed(5, have...)).Changes[0].UnhealthyBefore)
	require.Equal(t, []string{have[0].ID}, MakePlan(wellFormed(3, have...)).Changes[0].UnhealthyBefore)
	require.Empty(t, MakePlan(wellFormed(2, have...)).Changes[0].UnhealthyBefore)
}
