package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A versioned worker runs nothing until its version is made current: half a setting must not turn
// versioning on.
func TestVersioningNeedsBothVariables(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"none":       {nil, false},
		"only name":  {map[string]string{"TEMPORAL_DEPLOYMENT_NAME": "evenkeel"}, false},
		"only build": {map[string]string{"TEMPORAL_WORKER_BUILD_ID": "1"}, false},
		"both":       {map[string]string{"TEMPORAL_DEPLOYMENT_NAME": "evenkeel", "TEMPORAL_WORKER_BUILD_ID": "1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := deployment(func(key string) string { return c.env[key] })
			require.Equal(t, c.want, got.UseVersioning)
			if c.want {
				require.Equal(t, "evenkeel", got.Version.DeploymentName)
				require.Equal(t, "1", got.Version.BuildID)
			}
		})
	}
}
