package connect

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var quiet = Options{Logger: slog.New(slog.DiscardHandler)}

// clean removes Temporal's variables of whoever runs the test.
func clean(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TEMPORAL_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
}

func TestClientOptions(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(profile, []byte("[profile.fleet]\naddress = \"temporal.example:7233\"\nnamespace = \"ops\"\n"), 0o600))
	for name, c := range map[string]struct {
		env                 map[string]string
		hostPort, namespace string
		tls                 bool
	}{
		"nothing set": {nil, "localhost:7233", "default", false},
		"address":     {map[string]string{"TEMPORAL_ADDRESS": "10.0.0.9:7233", "TEMPORAL_NAMESPACE": "ops"}, "10.0.0.9:7233", "ops", false},
		"TLS":         {map[string]string{"TEMPORAL_ADDRESS": "t:7233", "TEMPORAL_TLS": "true"}, "t:7233", "default", true},
		"API key":     {map[string]string{"TEMPORAL_ADDRESS": "t:7233", "TEMPORAL_API_KEY": "k"}, "t:7233", "default", true},
		"profile":     {map[string]string{"TEMPORAL_CONFIG_FILE": profile, "TEMPORAL_PROFILE": "fleet"}, "temporal.example:7233", "ops", false},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			opts, err := ClientOptions(quiet)
			require.NoError(t, err)
			require.Equal(t, c.hostPort, opts.HostPort)
			require.Equal(t, c.namespace, opts.Namespace)
			require.Equal(t, c.tls, opts.ConnectionOptions.TLS != nil)
			require.Contains(t, opts.Identity, "@")
		})
	}
}

// A wrong address is an answer within the dial's limit, and the line names the address.
func TestDialNamesTheAddress(t *testing.T) {
	clean(t)
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	began := time.Now()
	_, err := Dial(t.Context(), quiet)
	require.ErrorContains(t, err, "no Temporal server answers at 127.0.0.1:1")
	require.Less(t, time.Since(began), 10*dialTimeout)
}

// An address that cannot be one is refused before it is dialled, and a name without a host is told as that.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1":         `the address of Temporal, "127.0.0.1", is not a host with a port; write HOST:PORT, such as localhost:7233`,
		"temporal.example":  `is not a host with a port; write HOST:PORT`,
		"::1:7233":          `is not a host with a port; write HOST:PORT`,
		"t:":                `has no port from 1 to 65535; write HOST:PORT`,
		"t:0":               `has no port from 1 to 65535; write HOST:PORT`,
		"t:70000":           `has no port from 1 to 65535; write HOST:PORT`,
		"t:http":            `has no port from 1 to 65535; write HOST:PORT`,
		"t:7233":            "",
		"[::1]:7233":        "",
		"dns:///t:7233":     "",
		"unix:/run/t.sock":  "",
		"nohost.invalid:80": "",
	} {
		clean(t)
		t.Setenv("TEMPORAL_ADDRESS", address)
		_, err := ClientOptions(quiet)
		if want == "" {
			require.NoError(t, err, address)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, lookUp(t.Context(), "127.0.0.1:7233"))
	t.Setenv("TEMPORAL_ADDRESS", "nohost.invalid:7233")
	_, err := Dial(t.Context(), quiet)
	require.EqualError(t, err, "no Temporal server answers at nohost.invalid:7233 (namespace default): no host has the name nohost.invalid")
}
