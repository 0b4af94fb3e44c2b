//go:build e2e

package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/ledger/ledgertest"
)

// password is that of the secret postgres_password: letters and digits, as the README asks for.
const password = "b1946ac92492d2347c6235b4d2611184"

// database starts a PostgreSQL server, lets the file's service ledger prepare it, and returns its port.
func database(t *testing.T, service object) string {
	t.Helper()
	port := freePort(t)
	server := ledgertest.StartOn(t, port)
	server.Exec("postgres", "CREATE ROLE temporal LOGIN SUPERUSER PASSWORD '"+password+"'", "CREATE DATABASE temporal OWNER temporal")
	secret := filepath.Join(t.TempDir(), "postgres_password")
	require.NoError(t, os.WriteFile(secret, []byte(password+"\n"), 0o600))
	command := append(service.strings("entrypoint"), service.strings("command")...)
	require.Equal(t, "/bin/sh", command[0])
	for range 2 { // every start of the stack repeats it
		script := strings.ReplaceAll(strings.ReplaceAll(command[2], "$$", "$"), "/run/secrets/postgres_password", secret)
		cmd := exec.Command(command[0], command[1], script)
		cmd.Env = []string{"PATH=" + filepath.Dir(server.Program()) + ":/usr/bin:/bin"}
		for name, value := range service.object("environment") {
			if name == "PGHOST" {
				value = "127.0.0.1"
			}
			cmd.Env = append(cmd.Env, name+"="+value.(string))
		}
		cmd.Env = append(cmd.Env, "PGPORT="+port)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.NotContains(t, string(out), password)
	}
	return port
}
