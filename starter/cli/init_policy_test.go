package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// What the plan would refuse for its health check is switched off, by the policy that the service would have.
func TestHealthTooLate(t *testing.T) {
	slow := scaling.Service{Name: "web", HealthCheck: true, HealthIntervalSeconds: 60}
	require.Equal(t, "its health check first answers after its interval of 60 s, and warm_up of its policy is 60 s: set health, a path to ask, or policy to one with a longer warm_up",
		describe(slow, facts{}, nil, nil).CannotScale)
	slow.Name = "worker-llm" // whose warm-up is longer
	require.Empty(t, describe(slow, facts{}, nil, nil).CannotScale)
	require.Empty(t, describe(scaling.Service{Name: "web", HealthCheck: true, HealthIntervalSeconds: 59}, facts{}, nil, nil).CannotScale)
	require.Empty(t, describe(scaling.Service{Name: "web", HealthIntervalSeconds: 90}, facts{}, nil, nil).CannotScale, "the image's own may have no interval here")
}
