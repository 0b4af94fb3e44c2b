package compose

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestSources(t *testing.T) {
	const a = "services: {a: {image: x}}\n"
	dir := filepath.Join(t.TempDir(), "shop")
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	for name, c := range map[string]struct {
		files   map[string]string
		env     map[string]string
		options Options
		want    []Source
	}{
		"discovery": {
			files: map[string]string{"compose.yaml": a, "compose.override.yaml": a, ".env": "A=1\n"},
			want: []Source{
				{"name", "shop", "the Compose files or their folder"},
				{"file", at("compose.yaml"), "found in " + dir},
				{"file", at("compose.override.yaml"), "found in " + dir},
				{"env file", at(".env"), "found in " + dir},
			},
		},
		"everything in .env": {
			files: map[string]string{"a.yaml": a, "sub/b.yaml": a, ".env": "COMPOSE_FILE=sub/b.yaml:a.yaml\nexport COMPOSE_PROJECT_NAME=other\nCOMPOSE_PROFILES=x,y\n", "sub/.env": "B=1\n"},
			want: []Source{
				{"name", "other", "COMPOSE_PROJECT_NAME in " + at(".env")},
				{"file", at("sub/b.yaml"), "COMPOSE_FILE in " + at(".env")},
				{"file", at("a.yaml"), "COMPOSE_FILE in " + at(".env")},
				{"env file", at(".env"), "found in " + dir},
				{"env file", at("sub/.env"), "found in " + at("sub")},
				{"profile", "x", "COMPOSE_PROFILES in " + at(".env")},
				{"profile", "y", "COMPOSE_PROFILES in " + at(".env")},
			},
		},
		"the environment": {
			files: map[string]string{"a.yaml": a, "e.env": "A=1\n"},
			env:   map[string]string{"COMPOSE_FILE": "a.yaml", "COMPOSE_PROFILES": "x", "COMPOSE_ENV_FILES": "e.env"},
			want: []Source{
				{"name", "shop", "the Compose files or their folder"},
				{"file", at("a.yaml"), "COMPOSE_FILE in the environment"},
				{"env file", at("e.env"), "COMPOSE_ENV_FILES in the environment"},
				{"profile", "x", "COMPOSE_PROFILES in the environment"},
			},
		},
		"configuration": {
			files:   map[string]string{"compose.yaml": a, "a.yaml": a, "e.env": "A=1\n"},
			env:     map[string]string{"COMPOSE_FILE": "compose.yaml", "COMPOSE_PROFILES": "x", "COMPOSE_ENV_FILES": "gone.env"},
			options: Options{Name: "own", Files: []string{"a.yaml"}, EnvFiles: []string{at("e.env")}, Profiles: []string{"z"}},
			want: []Source{
				{"name", "own", "configuration"},
				{"file", at("a.yaml"), "configuration"},
				{"env file", at("e.env"), "configuration"},
				{"profile", "z", "configuration"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.RemoveAll(dir))
			write(t, dir, c.files)
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			c.options.Directory = dir
			got, err := New(c.options).Sources(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestProjectName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My.Shop_1")
	write(t, dir, map[string]string{"compose.yaml": "services: {a: {image: x}}\n", "below/x": ""})
	for _, in := range []string{dir, filepath.Join(dir, "below")} {
		name, err := ProjectName(t.Context(), Options{Directory: in})
		require.NoError(t, err)
		require.Equal(t, "myshop_1", name)
	}
	write(t, dir, map[string]string{"compose.yaml": "name: given\nservices: {a: {image: x}}\n"})
	name, err := ProjectName(t.Context(), Options{Directory: dir})
	require.NoError(t, err)
	require.Equal(t, "given", name)
	t.Setenv("COMPOSE_PROJECT_NAME", "first")
	name, err = ProjectName(t.Context(), Options{Directory: dir})
	require.NoError(t, err)
	require.Equal(t, "first", name)
}

func TestNothingToDiscover(t *testing.T) {
	_, err := Discover(t.Context(), Seen{Project: "p"}, false)
	requireClass(t, activities.NotFound, err)
	_, err = Discover(t.Context(), Seen{Project: "p", Containers: []SeenContainer{{ID: "1", Service: "a"}}}, false)
	requireClass(t, activities.NotFound, err)
	_, err = Discover(t.Context(), Seen{Project: "p", Containers: []SeenContainer{{ID: "1", Service: "a", WorkingDir: t.TempDir()}}}, false)
	requireClass(t, activities.NotFound, err)
}

// The newest container of a service decides, and a service that nothing fits is named.
func TestDiscoverNamesWhatDoesNotFit(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {image: x}, b: {image: x}}\n", "prod.yaml": "services: {a: {image: y}, b: {image: y}}\n", "prod.env": "A=1\n",
	})
	dir := p.options.Directory
	prod := Options{Name: "p", Directory: dir, Files: []string{filepath.Join(dir, "prod.yaml")}, EnvFiles: []string{filepath.Join(dir, "prod.env")}}
	hash := func(o Options, service string) string {
		t.Helper()
		hash, err := New(o).Hash(t.Context(), service, nil)
		require.NoError(t, err)
		return hash
	}
	container := func(service, name, hash string, age int) SeenContainer {
		return SeenContainer{
			ID: name, Name: name, Service: service, Hash: hash, Created: epoch.AddDate(0, 0, -age),
			WorkingDir: dir, ConfigFiles: prod.Files, EnvFiles: prod.EnvFiles,
		}
	}
	seen := Seen{Project: "p", Containers: []SeenContainer{
		container("a", "p-a-2", hash(prod, "a"), 1), container("a", "p-a-1", "old", 2), container("b", "p-b-1", hash(prod, "b"), 3),
	}}
	found, err := Discover(t.Context(), seen, false)
	require.NoError(t, err)
	require.Equal(t, Found{Options: prod}, found)

	seen.Containers[2].Hash = "edited since"
	seen.Containers = append(seen.Containers, container("gone", "p-gone-1", "x", 9))
	found, err = Discover(t.Context(), seen, false)
	require.NoError(t, err)
	require.Equal(t, Found{Options: prod, Unfit: []string{"b", "gone"}}, found)

	for i, service := range []string{"a", "a", "b"} {
		seen.Containers[i].Hash = hash(p.options, service)
	}
	found, err = Discover(t.Context(), seen, false)
	require.NoError(t, err)
	require.Equal(t, Found{Options: Options{Name: "p", Directory: dir}, Unfit: []string{"gone"}}, found)
}

var epoch = time.Unix(1_700_000_000, 0)
