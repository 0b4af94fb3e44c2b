//go:build e2e

package dockerd

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

const hooked = `
services:
  web:
    image: IMAGE
    command: [serve]
    environment: {TOKEN: hunter2hunter2}
    volumes: ["said:/shared"]
volumes: {said: {}}
`

func TestHooks(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), hooked)
	ctx := t.Context()
	sibling := s.inspect(s.Name + "-web-1").ID
	hook := func(words ...string) activities.Hook {
		return activities.Hook{Command: append([]string{"/app"}, words...), User: "0", Environment: []string{"HOOK=here"}, WorkingDir: "/etc"}
	}
	write := func(text string) activities.Hook { return hook("write", "/shared/said", text) }
	// said returns what the hooks have written since the last time.
	seen := 0
	said := func() []string {
		f, _, err := s.engine.readFile(ctx, sibling, "/shared/said")
		require.NoError(t, err)
		var lines []string
		if f != nil {
			lines = strings.Split(strings.TrimSpace(string(f.bytes)), "\n")
		}
		lines = lines[seen:]
		seen += len(lines)
		return lines
	}

	spec := s.spec(2)
	other := write("second")
	other.User, other.WorkingDir, other.Environment = "", "", nil
	spec.PostStart = []activities.Hook{write("first"), other}
	made, err := s.engine.Clone(ctx, spec)
	require.NoError(t, err)
	require.Equal(t, []string{"first 0 /etc here", "second 0 /"}, said())
	_, err = s.engine.Clone(ctx, spec)
	require.NoError(t, err)
	require.Len(t, said(), 2, "whether they ran before a crash is not known")

	require.NoError(t, s.engine.Stop(ctx, made.ID, time.Second, []activities.Hook{write("bye")}))
	require.Equal(t, []string{"bye 0 /etc here"}, said())
	require.NoError(t, s.engine.Stop(ctx, made.ID, time.Second, []activities.Hook{write("bye")}))
	require.Empty(t, said(), "one that is stopped runs no hook")

	require.NoError(t, s.engine.Start(ctx, made.ID, []activities.Hook{write("again")}, false))
	require.Equal(t, []string{"again 0 /etc here"}, said())
	require.NoError(t, s.engine.Start(ctx, made.ID, []activities.Hook{write("again")}, false))
	require.Empty(t, said(), "one that runs is left alone")
	require.NoError(t, s.engine.Start(ctx, made.ID, []activities.Hook{write("again")}, true))
	require.Equal(t, []string{"again 0 /etc here"}, said(), "whether they ran before a crash is not known")

	t.Run("a paused one is let go on first", func(t *testing.T) {
		require.NoError(t, dockertest.Client(t).ContainerPause(ctx, made.ID))
		require.NoError(t, s.engine.Stop(ctx, made.ID, 20*time.Second, []activities.Hook{write("woken")}))
		require.Equal(t, []string{"woken 0 /etc here"}, said())
		require.Zero(t, s.inspect(made.ID).State.ExitCode, "it ended by itself")
		require.NoError(t, s.engine.Start(ctx, made.ID, nil, false))
	})

	t.Run("a hook that fails", func(t *testing.T) {
		bad := []activities.Hook{hook("fail", "3"), write("never")}
		words := func(kind string, number string) string {
			return kind + " hook 1 of 2 (/app) in " + s.Name + "-web-" + number + " exited with status 3: to stderr: ${TOKEN}"
		}
		for kind, err := range map[string]error{
			preStop: s.engine.Stop(ctx, made.ID, time.Second, bad),
			postStart: func() error {
				require.True(t, s.inspect(made.ID).State.Running, "it runs on")
				require.NoError(t, s.engine.Stop(ctx, made.ID, time.Second, nil))
				return s.engine.Start(ctx, made.ID, bad, false)
			}(),
		} {
			requireClass(t, activities.PreconditionFailed, err)
			require.EqualError(t, err, words(kind, "2"))
		}
		require.True(t, s.inspect(made.ID).State.Running, "as Compose leaves it")

		terminal := hook("fail", "4")
		terminal.TTY = true
		err := s.engine.Stop(ctx, made.ID, time.Second, []activities.Hook{terminal})
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, "web-2 exited with status 4: ")
		require.ErrorContains(t, err, "to stderr: ${TOKEN}")

		failing := s.spec(3)
		failing.PostStart = bad
		_, err = s.engine.Clone(ctx, failing)
		requireClass(t, activities.PreconditionFailed, err)
		require.EqualError(t, err, words(postStart, "3"))
		require.Equal(t, []int{1, 2}, s.numbers(), "the copy is taken away again")
		require.Empty(t, said())

		absent := hook()
		absent.Command = []string{"/nope", "hunter2"}
		err = s.engine.Stop(ctx, made.ID, time.Second, []activities.Hook{write("here"), absent})
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, "pre_stop hook 2 of 2 (/nope) in "+s.Name+"-web-2 exited with status ")
		require.ErrorContains(t, err, "no such file or directory", "the engine says why")
		require.Equal(t, []string{"here 0 /etc here"}, said())
	})

	t.Run("a hook in what is gone", func(t *testing.T) {
		c := s.inspect(made.ID)
		require.NoError(t, s.engine.api.ContainerKill(ctx, made.ID, "KILL"))
		require.Eventually(t, func() bool { return !s.inspect(made.ID).State.Running }, 20*time.Second, 20*time.Millisecond)
		require.NoError(t, s.engine.leaving(ctx, c, []activities.Hook{write("late")}), "it has stopped in the meantime")
		require.NoError(t, s.engine.api.ContainerRemove(ctx, made.ID, container.RemoveOptions{Force: true}))
		require.NoError(t, s.engine.leaving(ctx, c, []activities.Hook{write("late")}))
		require.NoError(t, s.engine.Stop(ctx, made.ID, time.Second, []activities.Hook{write("late")}))
		requireClass(t, activities.NotFound, s.engine.Start(ctx, made.ID, nil, false))
		require.Empty(t, said())
	})
}
