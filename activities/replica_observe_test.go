package activities

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func observing(seconds int) ObserveRequest {
	return ObserveRequest{ReplicasRequest: ask("a", "b"), Seconds: seconds}
}

// One that keeps running is watched for the whole time.
func TestObserveReplicas(t *testing.T) {
	s := &site{replicas: two("running", "")}
	begun := time.Now()
	require.NoError(t, s.adapters().ObserveReplicas(t.Context(), observing(1)))
	require.GreaterOrEqual(t, time.Since(begun), time.Second)
	require.GreaterOrEqual(t, s.looked, 4, "both, more than once")
}

func TestObserveReplicasFindsWhatDoesNotKeepRunning(t *testing.T) {
	for name, c := range map[string]struct {
		state string
		life  scaling.Life
		want  []string
	}{
		"exited": {"exited", scaling.Life{State: "exited", ExitCode: 2, LastLines: []string{"bad flag"}}, []string{"shop-app-2 exited with code 2; its last lines: bad flag"}},
		"started again by the engine": {
			"running",
			scaling.Life{State: "exited", ExitCode: 1, Restarts: 2, LastLines: []string{"panic"}},
			[]string{"shop-app-2 did not keep running", "2", "exited with code 1", "its last lines: panic"},
		},
		"in between": {"restarting", scaling.Life{State: "restarting", ExitCode: 1, Restarts: 1}, []string{"shop-app-2 exited with code 1", "it had logged nothing"}},
		"out of memory": {
			"running",
			scaling.Life{State: "running", ExitCode: 137, OOMKilled: true, Restarts: 1},
			[]string{"shop-app-2 did not keep running", "was killed for want of memory (code 137)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{replicas: two(c.state, ""), lives: map[string]scaling.Life{"b": c.life}}
			err := s.adapters().ObserveReplicas(t.Context(), observing(60))
			require.Equal(t, PreconditionFailed, class(t, err))
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
	s := &site{replicas: two("running", "")[:1]}
	require.ErrorContains(t, s.adapters().ObserveReplicas(t.Context(), observing(60)), "1 of 2 replicas of app are gone")

	s = &site{replicas: two("running", ""), lifeErr: Fail(Unavailable, errors.New("engine away"))}
	require.Equal(t, Unavailable, class(t, s.adapters().ObserveReplicas(t.Context(), observing(60))), "that says nothing about the replica")
}
