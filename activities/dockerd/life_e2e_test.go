//go:build e2e

package dockerd

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

const lives = `
services:
  web: {image: IMAGE, command: [serve]}
  exits: {image: IMAGE, command: [fail, "3"], environment: {TOKEN: hunter2hunter2}}
  terminal: {image: IMAGE, command: [fail, "3"], tty: true, environment: {TOKEN: hunter2hunter2}}
  silent: {image: IMAGE, command: [fail, "3"], logging: {driver: none}}
  grows: {image: IMAGE, command: [grow], mem_limit: 32m, memswap_limit: 32m}
  fails: {image: IMAGE, command: [serve], environment: {TOKEN: hunter2hunter2}, healthcheck: {test: [CMD, /app, fail, "5"], interval: 100ms}}
  crashes: {image: IMAGE, command: [crash], restart: always}
`

func TestLife(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), lives)
	life := func(service string, words bool) scaling.Life {
		l, err := s.engine.Life(t.Context(), s.inspect(s.Name+"-"+service+"-1").ID, words)
		require.NoError(t, err)
		return l
	}
	ended := func(service string) scaling.Life {
		require.Eventually(t, func() bool { return life(service, false).State == "exited" }, 30*time.Second, 20*time.Millisecond, service)
		return life(service, true)
	}

	l := life("web", true)
	require.Equal(t, "running", l.State)
	require.Empty(t, l.LastLines)
	require.Zero(t, l.Restarts)

	require.Eventually(t, func() bool { return life("fails", true).LastCheck != "" }, 30*time.Second, 20*time.Millisecond)
	check, said := strings.CutPrefix(life("fails", true).LastCheck, "exited with 5: ")
	require.True(t, said)
	require.ElementsMatch(t, []string{"to stdout", "to stderr: ${TOKEN}"}, strings.Split(check, " | "))

	for _, service := range []string{"exits", "terminal"} {
		l = ended(service)
		require.Equal(t, 3, l.ExitCode)
		require.False(t, l.OOMKilled)
		require.ElementsMatch(t, []string{"to stdout", "to stderr: ${TOKEN}"}, l.LastLines)
		require.Empty(t, life(service, false).LastLines)
	}

	l = ended("silent")
	require.Equal(t, 3, l.ExitCode)
	require.Empty(t, l.LastLines, "there is no log to read")

	l = ended("grows")
	require.True(t, l.OOMKilled)
	require.Equal(t, 137, l.ExitCode)

	require.Eventually(t, func() bool { return life("crashes", false).Restarts >= 2 }, 30*time.Second, 50*time.Millisecond)

	_, err := s.engine.Life(t.Context(), s.Name+"-nobody", true)
	requireClass(t, activities.NotFound, err)
}
