package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// The times of a restart are the policy's, else those of default; where a file with a fault has them, nobody has.
func TestRestartFault(t *testing.T) {
	p := &Project{
		Policies: map[string]scaling.Policy{"app": {Name: "app"}}, PolicyFaults: map[string]string{"worker": "worker.yaml has a fault"},
		DefaultFault: "default.yaml has a fault",
	}
	require.Empty(t, p.restartFault("app"))
	require.Equal(t, "worker.yaml has a fault", p.restartFault("worker"))
	require.Equal(t, "default.yaml has a fault", p.restartFault("redis"))
	p.DefaultFault = ""
	require.Empty(t, p.restartFault("redis"))
}
