package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestAdminToken(t *testing.T) {
	t.Setenv("EVENKEEL_ADMIN_TOKEN", "")
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("  from-file\n"), 0o600))
	token := func(file string) (string, error) {
		return Host{Projects: map[string]Project{"shop": {Admin: Admin{TokenFile: file}}}}.AdminToken("shop")
	}
	got, err := token("")
	require.NoError(t, err)
	require.Empty(t, got)

	got, err = token(file)
	require.NoError(t, err)
	require.Equal(t, "from-file", got)

	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	_, err = token(file)
	require.EqualError(t, err, "admin.token_file: "+file+" is empty")

	_, err = token(file + "-gone")
	require.ErrorIs(t, err, os.ErrNotExist)

	t.Setenv("EVENKEEL_ADMIN_TOKEN", "from-environment")
	got, err = token(file)
	require.NoError(t, err)
	require.Equal(t, "from-environment", got)
}

// The one variable of the environment must not go to a product that it was not meant for.
func TestAdminTokensOfSeveralProjects(t *testing.T) {
	t.Setenv("EVENKEEL_ADMIN_TOKEN", "from-environment")
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("of-shop"), 0o600))
	host := Host{Projects: map[string]Project{"shop": {Admin: Admin{TokenFile: file}}, "blog": {}}}
	for project, want := range map[string]string{"shop": "of-shop", "blog": ""} {
		got, err := host.AdminToken(project)
		require.NoError(t, err)
		require.Equal(t, want, got, project)
	}
}

// Where the file says nothing the port is the service's, and the paths are the usual ones; a file that names
// paths has no others.
func TestAdmin(t *testing.T) {
	for text, want := range map[string]Admin{
		"admin: {service: app}":                           {Service: "app", Port: 8000, Paths: DefaultPaths()},
		"admin: {service: app, port: 81}":                 {Service: "app", Port: 81, Paths: DefaultPaths()},
		"admin: {service: web, port: 81}":                 {Service: "web", Port: 81, Paths: DefaultPaths()},
		"admin: {service: app, paths: {}}":                {Service: "app", Port: 8000},
		"admin: {service: app, paths: {breaker: /break}}": {Service: "app", Port: 8000, Paths: AdminPaths{Breaker: "/break"}},
	} {
		project := "{directory: /d, services: {app: {port: 8000}}, " + text + "}"
		c, err := parse("f", "/f", []byte("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {h: {projects: {p: "+project+"}}}\n"))
		require.NoError(t, err, text)
		require.Equal(t, want, c.Hosts["h"].Projects["p"].Admin, text)
	}
}

// Every key of paths can be asked for by its name.
func TestPathsByKey(t *testing.T) {
	keys := strictyaml.Keys(AdminPaths{})
	require.Len(t, keys, 8)
	seen := map[string]bool{}
	for _, key := range keys {
		path := DefaultPaths().Of(key)
		require.NotEmpty(t, path, key)
		require.False(t, seen[path], path)
		seen[path] = true
	}
	require.Equal(t, "/admin/cache/warm", DefaultPaths().Of("cache_warm"))
	require.Empty(t, DefaultPaths().Of("other"))
}
