package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestNotInstalled(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"compose.yaml": "services: {a: {image: x}}"})
	for _, c := range []struct {
		name    string
		command []string
	}{
		{"no such command", []string{"evenkeel-no-such-docker", "compose"}},
		{"no such file", []string{filepath.Join(t.TempDir(), "docker-compose")}},
		{"a docker that knows no compose", []string{"false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := New(Options{Name: "p", Directory: dir, Command: c.command})
			_, err := f.Version(t.Context())
			requireClass(t, activities.NotFound, err)
			err = f.Up(t.Context(), "a", 1)
			requireClass(t, activities.NotFound, err)
			require.ErrorContains(t, err, "docker compose is not installed")
		})
	}
	plain := filepath.Join(t.TempDir(), "docker-compose")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))
	_, err := New(Options{Name: "p", Directory: dir, Command: []string{plain}}).Version(t.Context())
	requireClass(t, activities.PermissionDenied, err)
}

func TestBoundedKeepsTheEnd(t *testing.T) {
	got := bounded(strings.Repeat("é", maxOutput) + "the reason")
	require.LessOrEqual(t, len(got), maxOutput+len("…"))
	require.True(t, strings.HasSuffix(got, "the reason"))
	require.Equal(t, "short", bounded("short"))
}

// What Compose says of a failure goes into a history: values of variables and of the services' own
// environment are taken out, its words are not.
func TestFailuresTellNoSecrets(t *testing.T) {
	t.Setenv("SHELL_SECRET", "battery-staple")
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {image: x, env_file: a.env}}", "a.env": "DBPASS=correct-horse\n",
		"compose.sh": "#!/bin/sh\n[ \"$1\" = version ] && exit 0\necho '{\"error\":true,\"message\":\"Minimum memory limit: correct-horse battery-staple\"}' >&2\nexit 1\n",
	})
	script := filepath.Join(p.options.Directory, "compose.sh")
	require.NoError(t, os.Chmod(script, 0o700))
	p.options.Command = []string{script}
	err := p.Up(t.Context(), "a", 1)
	require.ErrorContains(t, err, "exit status 1: Minimum memory limit: ${DBPASS} ${SHELL_SECRET}")
}

// A secret that holds a harmless value of another place is taken out whole.
func TestFailuresTellNoPartOfASecret(t *testing.T) {
	p := project(t, map[string]string{
		".env": "DB_USER=appserver\n", "compose.yaml": "services: {a: {image: x, environment: {DB_PASSWORD: appserver-7Kq9xT}}, b: {image: x, environment: {OTHER: 7Kq9xT-and}}}",
	})
	m, err := p.load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "login ${DB_PASSWORD} as ${DB_USER}", m.mask("login appserver-7Kq9xT as appserver"))
}

// What is written where a variable should be may be a secret: the place is named, and nothing of it.
func TestNoQuoteOfWhatIsNoVariable(t *testing.T) {
	for _, value := range []string{"hunter${topsecret", "hunter${}topsecret", "hunter${topse cret}", "hunter${B!topsecret}", "hunter$!topsecret", "${A:-hunter${topsecret}", "${A:-x}hunter${topsecret"} {
		p := project(t, map[string]string{"compose.yaml": "services:\n  a:\n    image: x\n    environment: {DB_PASSWORD: '" + value + "'}\n"})
		_, err := p.Services(t.Context())
		if value == "hunter$!topsecret" { // which is no variable, but text
			require.NoError(t, err)
			continue
		}
		requireClass(t, activities.InvalidInput, err)
		require.NotContains(t, err.Error(), "hunter", value)
		require.NotContains(t, err.Error(), "topse", value)
		require.ErrorContains(t, err, filepath.Join(p.options.Directory, "compose.yaml")+":4: ")
		require.ErrorContains(t, err, "services.a.environment.DB_PASSWORD: a $ begins neither $NAME nor ${NAME}")
	}
}
