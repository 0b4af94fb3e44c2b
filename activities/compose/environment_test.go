package compose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// What this process's environment says of one project is not taken for each of several; what .env says is.
func TestSeveralProjects(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "name: own\nservices: {a: {image: 'x:${TAG}'}, b: {image: x, profiles: [more]}}\n",
		"other.yaml":   "name: other\nservices: {c: {image: x}}\n",
		"other.env":    "TAG=other\n",
		".env":         "TAG=dot\n",
	})
	for name, value := range map[string]string{
		"COMPOSE_FILE": "other.yaml,compose.yaml", "COMPOSE_PATH_SEPARATOR": ",", "COMPOSE_PROJECT_NAME": "third",
		"COMPOSE_PROFILES": "more", "COMPOSE_ENV_FILES": "other.env",
	} {
		t.Setenv(name, value)
	}
	options := Options{Directory: p.options.Directory}
	read := func() (name, image string, services, profiles int) {
		t.Helper()
		m, err := New(options).load(t.Context())
		require.NoError(t, err)
		return m.Name, m.services["a"].Image, len(m.services), len(m.Profiles)
	}
	name, image, services, profiles := read()
	require.Equal(t, []any{"third", "x:other", 3, 1}, []any{name, image, services, profiles}, "one project has them all")

	options.Several = true
	name, image, services, _ = read()
	require.Equal(t, []any{"own", "x:dot", 2}, []any{name, image, services})
	sources, err := New(options).Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Source{
		{"name", "own", "the Compose files or their folder"},
		{"file", filepath.Join(options.Directory, "compose.yaml"), "found in " + options.Directory},
		{"env file", filepath.Join(options.Directory, ".env"), "found in " + options.Directory},
	}, sources)

	write(t, options.Directory, map[string]string{".env": "COMPOSE_FILE=other.yaml\nCOMPOSE_PROJECT_NAME=dotted\n"})
	name, _, services, _ = read()
	require.Equal(t, []any{"dotted", 1}, []any{name, services})
	sources, err = New(options).Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, "COMPOSE_PROJECT_NAME in "+filepath.Join(options.Directory, ".env"), sources[0].From)
}

// The Compose that is run gets the environment that the model was read with.
func TestEnvironmentOfTheCommand(t *testing.T) {
	t.Setenv("COMPOSE_PROFILES", "more")
	t.Setenv("KEPT", "kept")
	for several, want := range map[bool]string{false: "more kept", true: " kept"} {
		p := New(Options{Directory: t.TempDir(), Several: several, Command: []string{"/bin/sh", "-c", `echo "$COMPOSE_PROFILES $KEPT"`}})
		out, _, err := p.run(t.Context(), askWithin)
		require.NoError(t, err)
		require.Equal(t, want+"\n", out)
		require.Equal(t, "more", os.Getenv("COMPOSE_PROFILES"))
	}
}

func TestFromConfig(t *testing.T) {
	shop := config.Project{Directory: "/srv/shop", Files: []string{"a.yaml"}, EnvFiles: []string{"a.env"}, Profiles: []string{"x"}}
	host := config.Host{Projects: map[string]config.Project{"shop": shop}}
	want := Options{Name: "shop", Directory: "/srv/shop", Files: shop.Files, EnvFiles: shop.EnvFiles, Profiles: shop.Profiles}
	require.Equal(t, want, FromConfig(host, "shop"))
	host.Projects["wiki"] = config.Project{Directory: "/srv/wiki"}
	want.Several = true
	require.Equal(t, want, FromConfig(host, "shop"))
}
