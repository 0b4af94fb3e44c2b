//go:build e2e

package compose_test

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// object is a mapping of a Compose file as Compose itself prints it.
type object map[string]any

// read returns the whole model of files, their variables replaced by env.
func read(t *testing.T, env []string, files ...string) object {
	t.Helper()
	args := []string{"compose"}
	for _, file := range files {
		args = append(args, "-f", file)
	}
	cmd := exec.Command("docker", append(args, "config", "--format", "json")...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	require.NoError(t, err)
	var o object
	require.NoError(t, json.Unmarshal(out, &o))
	return o
}

func (o object) object(key string) object { return o[key].(map[string]any) }

func (o object) objects(key string) []object {
	var out []object
	for _, item := range o[key].([]any) {
		out = append(out, item.(map[string]any))
	}
	return out
}

func (o object) strings(key string) []string {
	var out []string
	for _, item := range o[key].([]any) {
		out = append(out, item.(string))
	}
	return out
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}
