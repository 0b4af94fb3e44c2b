package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Services of one name in two projects are different services.
func TestListServices(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")
	docker := d.docker(&file{services: []scaling.Service{{Name: "app"}, {Name: "bad", Fault: "env file x not found"}}}, map[string]scaling.Endpoint{"app": {Port: 80}})
	docker.Projects["bank"] = &Project{Name: "bank", Compose: &file{services: []scaling.Service{{Name: "app"}}}}
	rows, err := docker.ListServices(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []ServiceRow{
		{Project: "bank", Service: "app", Replicas: d.replicas},
		{Project: "shop", Service: "app", Min: 1, Max: 10, Scalable: true, Replicas: d.replicas},
		{Project: "shop", Service: "bad", Fault: "env file x not found"},
	}, rows)

	rows, err = docker.ListServices(t.Context(), []string{"bank"})
	require.NoError(t, err)
	require.Len(t, rows, 1)

	_, err = docker.ListServices(t.Context(), []string{"bnk"})
	require.Equal(t, InvalidInput, class(t, err))
	_, err = docker.ServiceStats(t.Context(), []string{"bnk"})
	require.Equal(t, InvalidInput, class(t, err))
}
