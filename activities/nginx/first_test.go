package nginx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// The first file is what a change of no replica would write, and a file that is there stays.
func TestFirst(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "web.conf")
	wrote, err := First(t.Context(), dir, "web", []string{"172.18.0.3:80"})
	require.NoError(t, err)
	require.True(t, wrote)
	want, err := render("web", []string{"172.18.0.3:80"})
	require.NoError(t, err)
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.True(t, Managed(string(got)))

	wrote, err = First(t.Context(), dir, "web", nil)
	require.NoError(t, err)
	require.False(t, wrote)
	again, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, got, again)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "own.conf"), []byte("server {}"), 0o600))
	wrote, err = First(t.Context(), dir, "own", nil)
	require.NoError(t, err)
	require.False(t, wrote)
	require.False(t, Managed("server {}"))

	_, err = First(t.Context(), dir+"/gone", "web", nil)
	requireClass(t, activities.NotFound, err)
	_, err = First(t.Context(), dir, "../web", nil)
	requireClass(t, activities.InvalidInput, err)
}
