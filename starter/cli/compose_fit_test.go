package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A directory that a person named stays, whatever folder the containers are from.
func TestHowRunInNamedDirectory(t *testing.T) {
	mine, theirs := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(mine, "compose.yaml"), []byte("name: shop\nservices: {web: {image: new}}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(theirs, "compose.yaml"), []byte("name: shop\nservices: {web: {image: old}, api: {image: old}}\n"), 0o600))
	seen := seenProject{name: "shop", containers: []container{{ID: "1", Created: 1, Names: []string{"/shop-web-1"}, Labels: map[string]string{
		labelProject: "shop", labelService: "web", labelHash: "other", labelDir: theirs, labelFiles: filepath.Join(theirs, "compose.yaml"),
	}}}}
	for named, want := range map[bool]string{true: mine, false: theirs} {
		way, unfit, err := howRun(t.Context(), chosen{name: "shop", directory: mine, named: named, seen: seen})
		require.NoError(t, err)
		require.Equal(t, want, way.Directory)
		require.Equal(t, []string{"web"}, unfit)
	}
}
