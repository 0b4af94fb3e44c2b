package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestProjectsOf(t *testing.T) {
	projects := Projects{"shop": {Name: "shop"}, "bank": {Name: "bank"}}
	shop, err := projects.Of("shop")
	require.NoError(t, err)
	require.Same(t, projects["shop"], shop)
	for _, name := range []string{"", "shop2", "Shop"} {
		_, err = projects.Of(name)
		require.Equal(t, InvalidInput, class(t, Classify(t.Context(), err)), "%q", name)
		require.ErrorContains(t, err, "it serves bank, shop")
	}
}

// Every service can be restarted, one that is not scaled with the times of the default.
func TestRestartPolicy(t *testing.T) {
	p := Project{
		Policies: map[string]scaling.Policy{"app": {Name: "own"}}, Endpoints: map[string]scaling.Endpoint{"app": {}, "worker": {}},
		Default: scaling.Policy{Name: "default", DrainSeconds: 30, StopSeconds: 10},
	}
	require.Equal(t, "own", p.restartPolicy("app").Name)
	require.Equal(t, p.Default, p.restartPolicy("worker"))
	require.Equal(t, scaling.Policy{Name: "default", StopSeconds: 10}, p.restartPolicy("redis"), "nothing is known of its work")
	require.Empty(t, (&Project{}).restartPolicy("app").Name, "an installation without a default has none")
}
