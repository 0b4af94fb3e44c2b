package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/jsonpath"
)

func jsonPath(t *testing.T, text string) jsonpath.Path {
	t.Helper()
	p, err := jsonpath.Parse(text)
	require.NoError(t, err)
	return p
}

// Without a section nothing comes in; with one the only host listens.
func TestWhoListens(t *testing.T) {
	for text, want := range map[string]bool{
		"": false,
		"ingress: {alertmanager: {token_file: t}}":                                                               false,
		"ingress: {listen: '127.0.0.1:9465', alertmanager: {token_file: t}}":                                     true,
		"ingress: {listen: 'gpu-1.example.com:9465', hooks: {ci: {secret_file: s, runbook: r, inputs: {a: b}}}}": true,
	} {
		c, err := parse("f", "/f", []byte(least+text))
		require.NoError(t, err, text)
		require.Equal(t, want, c.Listens("h"), text)
		require.False(t, c.Listens("gpu2"), text)
		if c.Ingress.Alertmanager != nil {
			require.Equal(t, Alertmanager{TokenFile: "/t", HostLabel: "host", ProjectLabel: "project"}, *c.Ingress.Alertmanager)
		}
	}
	for text, want := range map[string]bool{
		"127.0.0.1:9465": true, "[::1]:9465": true, "localhost:1": true, "10.0.0.7:65535": true, "gpu-1:9465": true,
		"": false, ":9465": false, "0.0.0.0:9465": false, "[::]:9465": false, "127.0.0.1": false, "127.0.0.1:0": false, "127.0.0.1:http": false,
		"127.0.0.1:65536": false, "a b:1": false, "224.0.0.1:1": false, "-a:1": false, "::1:9465": false,
	} {
		require.Equal(t, want, isListen(text), text)
	}
}

func TestIngressSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, os.Chmod(file, mode))
		return file
	}
	good := write("good", "  0123456789abcdef\n", 0o640)
	c := &Config{Path: "/c", Ingress: Ingress{Alertmanager: &Alertmanager{TokenFile: good}, Hooks: map[string]Hook{"ci": {SecretFile: good}}}}
	got, err := c.IngressSecrets()
	require.NoError(t, err)
	require.Equal(t, IngressSecrets{Token: "0123456789abcdef", Hooks: map[string]string{"ci": "0123456789abcdef"}}, got)

	for file, want := range map[string]string{
		write("short", "0123456789abcde", 0o600):   " has 15 bytes; write at least 16, such as openssl rand -hex 32 prints",
		write("read", "0123456789abcdef", 0o604):   " may be read or written by others (mode 0604); put a new secret into it, and chmod 0600 it",
		write("group", "0123456789abcdef", 0o620):  " may be read or written by others (mode 0620); put a new secret into it, and chmod 0600 it",
		write("two", "0123456789abcdef\nx", 0o600): " is not one line of text",
		write("empty", "\n", 0o600):                " is empty",
		dir:                                        " is a folder, not a file",
	} {
		c.Ingress.Hooks["ci"] = Hook{SecretFile: file}
		_, err := c.IngressSecrets()
		require.EqualError(t, err, "/c: ingress.hooks.ci.secret_file: "+file+want)
		require.NotContains(t, err.Error(), "0123456789")
	}
	c.Ingress.Alertmanager.TokenFile = filepath.Join(dir, "none")
	_, err = c.IngressSecrets()
	require.ErrorContains(t, err, "/c: ingress.alertmanager.token_file: open ")
}
