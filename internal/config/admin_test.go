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
	c := &Config{}

	token, err := c.AdminToken()
	require.NoError(t, err)
	require.Empty(t, token)

	c.Admin.TokenFile = file
	token, err = c.AdminToken()
	require.NoError(t, err)
	require.Equal(t, "from-file", token)

	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	_, err = c.AdminToken()
	require.EqualError(t, err, "admin.token_file: "+file+" is empty")

	c.Admin.TokenFile = file + "-gone"
	_, err = c.AdminToken()
	require.ErrorIs(t, err, os.ErrNotExist)

	t.Setenv("EVENKEEL_ADMIN_TOKEN", "from-environment")
	token, err = c.AdminToken()
	require.NoError(t, err)
	require.Equal(t, "from-environment", token)
}

// Where the file says nothing the port is the service's, and the paths are the usual ones; a file that names
// paths has no others.
func TestAdmin(t *testing.T) {
	services := "services: {app: {port: 8000}}\n"
	for text, want := range map[string]Admin{
		"admin: {service: app}":                           {Service: "app", Port: 8000, Paths: DefaultPaths()},
		"admin: {service: app, port: 81}":                 {Service: "app", Port: 81, Paths: DefaultPaths()},
		"admin: {service: web, port: 81}":                 {Service: "web", Port: 81, Paths: DefaultPaths()},
		"admin: {service: app, paths: {}}":                {Service: "app", Port: 8000},
		"admin: {service: app, paths: {breaker: /break}}": {Service: "app", Port: 8000, Paths: AdminPaths{Breaker: "/break"}},
	} {
		c, err := parse("f", "/f", []byte(least+services+text))
		require.NoError(t, err, text)
		require.Equal(t, want, c.Admin, text)
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
