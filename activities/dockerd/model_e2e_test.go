//go:build e2e

package dockerd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// What the Compose file says and what the engine has are compared in one language, and the files and
// hooks that a copy gets are those of the file.
func TestTheModelAgrees(t *testing.T) {
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
		require.Empty(t, scaling.Differences(said, has), service)
	}
	spec := s.spec(2)
	spec.Files, err = model.Files(ctx, "web")
	require.NoError(t, err)
	require.Len(t, spec.Files, 3)
	hooks, err := model.Hooks(ctx, "web")
	require.NoError(t, err)
	spec.PostStart = hooks.PostStart
	warnings, err := s.engine.CheckFiles(ctx, spec.Sibling, spec.Files)
	require.NoError(t, err)
	require.Empty(t, warnings)
	made, err := s.engine.Clone(ctx, spec)
	require.NoError(t, err)
	require.Equal(t, s.contents(spec.Sibling), s.contents(made.ID))
	require.NoError(t, s.engine.Stop(ctx, made.ID, 0, hooks.PreStop))
	require.NotEqual(t, s.contents(spec.Sibling)["/hooked"], s.contents(made.ID)["/hooked"], "the hook has written on")
}
