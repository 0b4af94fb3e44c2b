package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// bomb is a few hundred bytes that stand for 9^8 values.
func bomb() string {
	var b strings.Builder
	fmt.Fprintln(&b, "services: {web: {image: a}}")
	fmt.Fprintln(&b, "x-a: &a [x, x, x, x, x, x, x, x, x]")
	for c := 'b'; c <= 'h'; c++ {
		fmt.Fprintf(&b, "x-%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", "))
	}
	return b.String()
}

// What would hang the reader, or never end, is refused by name before it is opened.
func TestFilesWithoutMeasure(t *testing.T) {
	const good = "services: {web: {image: a, env_file: [web.env]}}\n"
	pipe := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			_ = os.Remove(filepath.Join(dir, name)) // it may not be there yet
			require.NoError(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
		}
	}
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	for name, c := range map[string]struct {
		spoil func(*testing.T, string)
		says  string
	}{
		"the file is a pipe":    {pipe("compose.yaml"), "compose.yaml is a named pipe, not a file"},
		".env is a pipe":        {pipe(".env"), ".env is a named pipe, not a file"},
		"an env_file is a pipe": {pipe("web.env"), "web.env is a named pipe, not a file"},
		"an override is a pipe": {pipe("compose.override.yaml"), "compose.override.yaml is a named pipe, not a file"},
		"an alias bomb":         {write("compose.yaml", bomb()), "comes to more than 100000 values through its aliases"},
		"too large":             {write("compose.yaml", "# "+strings.Repeat("x", maxFile)+"\n"+good), "is larger than 1 MiB; no such file of a Compose project is read"},
		"what is included is a pipe": {func(t *testing.T, dir string) {
			write("compose.yaml", "include: [other.yaml]\n"+good)(t, dir)
			pipe("other.yaml")(t, dir)
		}, "other.yaml is a named pipe, not a file"},
		"what is extended is a bomb": {func(t *testing.T, dir string) {
			write("compose.yaml", "services: {web: {extends: {file: other.yaml, service: web}}}\n")(t, dir)
			write("other.yaml", bomb())(t, dir)
		}, "other.yaml comes to more than 100000 values"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write("compose.yaml", good)(t, dir)
			write("web.env", "A=1\n")(t, dir)
			c.spoil(t, dir)
			_, err := New(Options{Name: "shop", Directory: dir}).Hash(t.Context(), "web", nil)
			require.ErrorContains(t, err, c.says)
			var class *activities.Error
			require.ErrorAs(t, err, &class)
			require.Equal(t, activities.InvalidInput, class.Class)
		})
	}
}

func TestServiceThatTheProjectLacks(t *testing.T) {
	dir := t.TempDir()
	project := New(Options{Name: "shop", Directory: dir})
	_, err := project.Hooks(t.Context(), "web")
	require.ErrorIs(t, err, ErrNoFile)
	require.NotErrorIs(t, err, activities.ErrNoService, "no file is not a project without the service")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte("services: {web: {image: a}}"), 0o600))
	_, err = project.Hooks(t.Context(), "db")
	require.ErrorIs(t, err, activities.ErrNoService)
	require.EqualError(t, err, "the Compose project shop has no service db")
}
