package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDigestTellsListsApart(t *testing.T) {
	require.Len(t, Digest("a"), 64)
	for _, other := range [][]string{{"ab"}, {"a", "b", ""}, {"b", "a"}, {"1:a1:b"}, nil} {
		require.NotEqual(t, Digest("a", "b"), Digest(other...), "%q", other)
	}
	require.Equal(t, ShapeBindings([]string{":80", "127.0.0.1:81"}), ShapeBindings([]string{"127.0.0.1:81", ":80"}))
	require.Equal(t, ShapeCPUs(100_000_000), ShapeCPUs(100_000_001))
	require.NotEqual(t, ShapeCPUs(100_000_000), ShapeCPUs(101_000_000))
	require.NotEqual(t, ShapeMounted("volume", "data", false), ShapeMounted("volume", "data", true))
}

func TestDifferences(t *testing.T) {
	one, two := Digest("1"), Digest("2")
	for name, c := range map[string]struct {
		file, container Shape
		want            []string
	}{
		"equal":                        {Shape{ShapeUser: one}, Shape{ShapeUser: one}, nil},
		"another value":                {Shape{ShapeEnvironment("B"): one, ShapeCommand: one}, Shape{ShapeEnvironment("B"): two, ShapeCommand: two}, []string{"command", "environment B"}},
		"only in the file":             {Shape{ShapePort(80, "tcp"): one}, Shape{}, []string{"port 80/tcp"}},
		"only in the container":        {Shape{}, Shape{ShapeLabel("a"): one}, []string{"label a"}},
		"only from the image":          {Shape{}, Shape{ShapeEnvironment("PATH"): FromImage(one)}, nil},
		"the file repeats the image":   {Shape{ShapeUser: one}, Shape{ShapeUser: FromImage(one)}, nil},
		"the file overrides the image": {Shape{ShapeUser: one}, Shape{ShapeUser: FromImage(two)}, []string{"user"}},
	} {
		require.Equal(t, c.want, Differences(c.file, c.container), name)
	}
}

func TestOwnLabels(t *testing.T) {
	require.True(t, OwnLabel("com.docker.compose.project"))
	require.False(t, OwnLabel("traefik.enable"))
}
