//go:build e2e

package dockerd

import (
	"context"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

const lingering = `
services:
  web: {image: IMAGE, command: [linger]}
`

// A stop that is cancelled after its signal is seen to its end: what undoes it has to find the replica as it is then.
func TestCancelledStop(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), lingering)
	id := s.inspect(s.Name + "-web-1").ID
	dockertest.Said(t, id, "listens for SIGTERM")

	before, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.engine.Stop(before, id, time.Minute, nil), context.Canceled)
	require.True(t, s.inspect(id).State.Running, "it was not told to end")

	during, cancel := context.WithCancel(t.Context())
	told, _ := dockertest.Client(t).Events(t.Context(), events.ListOptions{
		Filters: filters.NewArgs(filters.Arg("container", id), filters.Arg("event", "kill")),
	})
	go func() {
		<-told
		cancel()
	}()
	require.NoError(t, s.engine.Stop(during, id, time.Minute, nil))
	require.Error(t, during.Err())
	require.False(t, s.inspect(id).State.Running)
	require.Zero(t, s.inspect(id).State.ExitCode, "it ended by itself")
}
