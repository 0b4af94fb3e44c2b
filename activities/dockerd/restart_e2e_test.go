//go:build e2e

package dockerd

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

const plainWeb = `
services:
  web:
    image: IMAGE
    command: [serve]
    stop_grace_period: 1s
`

func TestRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), plainWeb)
	ctx := t.Context()
	before := s.inspect(s.Name + "-web-1")

	for _, grace := range []time.Duration{0, 500 * time.Millisecond} {
		require.NoError(t, s.engine.Restart(ctx, before.ID, grace))
		after := s.inspect(before.ID)
		require.True(t, after.State.Running)
		require.NotEqual(t, before.State.Pid, after.State.Pid)
		require.NotEqual(t, before.State.StartedAt, after.State.StartedAt)
		before = after
	}

	require.NoError(t, s.engine.Stop(ctx, before.ID, time.Second, nil))
	require.NoError(t, s.engine.Restart(ctx, before.ID, 0))
	require.True(t, s.inspect(before.ID).State.Running, "one that is stopped is started")

	require.NoError(t, s.engine.api.ContainerKill(ctx, before.ID, "KILL"))
	require.Eventually(t, func() bool { return !s.inspect(before.ID).State.Running }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, s.engine.Restart(ctx, before.ID, 0))
	require.True(t, s.inspect(before.ID).State.Running, "so is one that was killed")

	require.NoError(t, s.engine.api.ContainerRemove(ctx, before.ID, container.RemoveOptions{Force: true}))
	err := s.engine.Restart(ctx, before.ID, 0)
	requireClass(t, activities.NotFound, err)
	require.ErrorIs(t, err, activities.ErrNotSent)
}
