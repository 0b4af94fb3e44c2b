//go:build e2e

package dockerd

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func replaceWord(text, word, by string) string { return strings.ReplaceAll(text, word, by) }

// A service with nearly every option: a copy of it, and a copy of the copy, are field by field and file
// by file what Compose's own next replica is.
func TestEveryOption(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_TOKEN", "hunter2hunter2")
	yaml, err := os.ReadFile("testdata/options.yaml")
	require.NoError(t, err)
	s := newSite(t, dockertest.App(t), replaceWord(string(yaml), "FOLDER", t.TempDir()))
	ctx := t.Context()
	model := compose.New(compose.Options{Directory: filepath.Dir(s.File), Files: []string{s.File}, Name: s.Name})
	for _, service := range []string{"web", "other"} {
		said, err := model.Shape(ctx, service)
		require.NoError(t, err)
		has, err := s.engine.Shape(ctx, s.inspect(s.Name+"-"+service+"-1").ID)
		require.NoError(t, err)
		require.Empty(t, scaling.Differences(said, has), "the file and the engine's %s are one in digests", service)
	}
	hooks, err := model.Hooks(ctx, "web")
	require.NoError(t, err)
	spec := s.spec(2)
	spec.PostStart = hooks.PostStart
	spec.Files, err = model.Files(ctx, "web")
	require.NoError(t, err)
	require.Len(t, spec.Files, 3)
	warnings, err := s.engine.CheckFiles(ctx, spec.Sibling, spec.Files)
	require.NoError(t, err)
	require.Empty(t, warnings)
	for number := 2; number <= 3; number++ {
		spec.Number, spec.MadeBy = number, "run-"+strconv.Itoa(number)
		made, err := s.engine.Clone(ctx, spec)
		require.NoError(t, err)
		spec.Sibling = made.ID
	}
	s.Run("up", "-d", "--no-recreate", "--scale", "web=4")

	inspected := func(number int) compared {
		c, err := s.engine.inspect(ctx, s.inspect(s.Name+"-web-"+strconv.Itoa(number)).ID)
		require.NoError(t, err)
		return c
	}
	require.Eventually(t, func() bool { return inspected(4).State.Running }, 30*time.Second, 20*time.Millisecond)
	first := inspected(1)
	all, err := fields(first)
	require.NoError(t, err)
	require.Greater(t, len(all), 90, "so many fields are compared")
	for name := range all {
		require.NotContains(t, strings.ToLower(name), "hunter2")
	}
	files := s.contents(first.ID)
	require.Contains(t, files, "/hooked")
	shape, err := s.engine.Shape(ctx, first.ID)
	require.NoError(t, err)
	for number := 2; number <= 4; number++ {
		other := inspected(number)
		differ, err := differences(first, other, "")
		require.NoError(t, err)
		require.Empty(t, differ, "replica %d", number)
		// Compose numbers a link by the replica that has it: other-4, though there is one other.
		for _, network := range []string{"_front", "_back"} {
			linked, n := s.Name+"-other-1:", "other-"+strconv.Itoa(number)
			require.ElementsMatch(t, []string{
				linked + "other", linked + n, linked + s.Name + "-" + n, linked + "friend", linked + n, linked + s.Name + "-" + n,
			}, other.NetworkSettings.Networks[s.Name+network].Links, "replica %d", number)
		}
		require.Equal(t, files, s.contents(other.ID), "replica %d", number)
		has, err := s.engine.Shape(ctx, other.ID)
		require.NoError(t, err)
		require.Equal(t, shape, has, "replica %d", number)
	}

	before := s.contents(first.ID)["/hooked"]
	require.NoError(t, s.engine.Stop(ctx, first.ID, 0, hooks.PreStop))
	require.Greater(t, s.contents(first.ID)["/hooked"].size, before.size, "pre_stop has written on")

	// What people change in a container that exists is seen.
	other := s.inspect(s.Name + "-other-1").ID
	_, err = dockertest.Client(t).ContainerUpdate(ctx, other, container.UpdateConfig{
		Resources: container.Resources{Memory: 64 << 20, MemorySwap: 64 << 20}, RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyAlways},
	})
	require.NoError(t, err)
	require.NoError(t, dockertest.Client(t).NetworkConnect(ctx, "bridge", other, nil))
	said, err := model.Shape(ctx, "other")
	require.NoError(t, err)
	has, err := s.engine.Shape(ctx, other)
	require.NoError(t, err)
	require.Equal(t, []string{"memory limit", "network bridge", "restart"}, scaling.ByHand(said, has))
}
