package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Compose is asked again whenever anything that the file draws in reads differently, and only then.
func TestHashIsRemembered(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		return path
	}
	calls := filepath.Join(dir, "calls")
	compose := write("compose", "#!/bin/sh\necho call >>"+calls+"\necho \"a hash-of-a\"\n")
	write("a.env", "KEY=1\n")
	file := write("compose.yaml", "services: {a: {image: x, env_file: a.env}, b: {image: y}}\n")
	f := New(file, "p", []string{compose})
	ask := func() int {
		t.Helper()
		hash, err := f.Hash(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "hash-of-a", hash)
		text, err := os.ReadFile(calls)
		require.NoError(t, err)
		return strings.Count(string(text), "call")
	}
	require.Equal(t, 1, ask())
	require.Equal(t, 1, ask())
	write("a.env", "KEY=2\n")
	require.Equal(t, 2, ask(), "a file that env_file names")
	write(".env", "TAG=3\n")
	write("compose.yaml", "services: {a: {image: 'x:${TAG}', env_file: a.env}, b: {image: y}}\n")
	require.Equal(t, 3, ask(), "the file itself")
	write(".env", "TAG=4\n")
	require.Equal(t, 4, ask(), "a variable")
	require.Equal(t, 4, ask())
}
