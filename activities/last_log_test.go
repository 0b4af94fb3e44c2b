package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// logs is an engine whose containers say who they are.
type logs struct {
	Engine
	replicas []scaling.Replica
}

func (l logs) Replicas(context.Context, string, string) ([]scaling.Replica, error) {
	return l.replicas, nil
}

func (l logs) Life(_ context.Context, id string, words bool) (scaling.Life, error) {
	if !words {
		return scaling.Life{}, nil
	}
	return scaling.Life{LastLines: []string{id}}, nil
}

func TestWhoseLogIsShown(t *testing.T) {
	ended := scaling.Replica{ID: "ended", Number: 1, State: "exited"}
	well := scaling.Replica{ID: "well", Number: 2, State: "running", Health: "healthy"}
	ill := scaling.Replica{ID: "ill", Number: 3, State: "running", Health: "unhealthy"}
	for _, c := range []struct {
		replicas []scaling.Replica
		want     []string
	}{
		{[]scaling.Replica{ended, well, ill}, []string{"ill"}},
		{[]scaling.Replica{ended, well}, []string{"well"}},
		{[]scaling.Replica{ended}, []string{"ended"}},
		{nil, nil},
	} {
		log, err := (&Docker{Engine: logs{replicas: c.replicas}}).LastLog(t.Context(), LogRequest{Project: "shop", Service: "app"})
		require.NoError(t, err)
		require.Equal(t, c.want, log.Lines)
	}
}
