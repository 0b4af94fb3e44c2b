package templates

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServiceWithoutPolicyOfItsOwn(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	for service, want := range map[string]string{"app": "app", "openWebUI": "default", "default": "default"} {
		got, ok := set.PolicyOf(service)
		require.True(t, ok)
		require.Equal(t, want, got.Name)
	}
	set, err = Load("", []string{"default"})
	require.NoError(t, err)
	_, ok := set.PolicyOf("openWebUI")
	require.False(t, ok, "the default is disabled")
	set, err = Load("", []string{"worker-rl"})
	require.NoError(t, err)
	_, ok = set.PolicyOf("worker-rl")
	require.False(t, ok, "its own is disabled, so that it is not scaled")
}

// Absent and zero differ: zero switches the observation off where a service would have one.
func TestObservationTime(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		want  *int
		fault string
	}{
		"absent":   {"", nil, ""},
		"none":     {"observe: 0s\n", new(0), ""},
		"the most": {"observe: 1h\n", new(3600), ""},
		"too long": {"observe: 1h1s\n", nil, "observe: 1h1s is out of range; write 0s to 1h"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Load(tree(t, map[string]string{"web.yaml": policy("web", "{min: 1, max: 1}") + c.line}), nil)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			got, _ := set.Policy("web")
			require.Equal(t, c.want, got.ObserveSeconds)
		})
	}
}
