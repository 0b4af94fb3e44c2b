package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// A broken Compose file is named with the line and what is wrong; the configuration is right then.
func TestBrokenComposeFile(t *testing.T) {
	fakeEngine(t, map[string]string{"/containers/json": "[]"})
	for text, want := range map[string]string{
		"services: {web: {image: x\n":                                          ":2:1: did not find expected ',' or '}'",
		"services:\n  web:\n    image: x\n    imagee: x\n":                     ":4: services.web.imagee is not a key that Compose knows",
		"services:\n  web: {image: x}\n  web: {image: y}\n":                    ":3: mapping key \"web\" already defined at line 2",
		"services:\n\tweb: x\n":                                                ":2:1: found character that cannot start any token",
		"services:\n  db: {image: x}\n  web: {image: x, depends_on: [gone]}\n": ":3: service \"web\" depends on undefined service \"gone\"",
		"services:\n  web:\n    image: x\n    mem_limit: abc\n":                ":4: 'services[web].mem_limit' invalid size: 'abc'",
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "compose.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		d := &doctor{engine: newEngine(), config: &config.Config{Path: "/etc/e.yaml"}, host: config.Host{Projects: map[string]config.Project{"shop": {Directory: dir}}}}
		require.Equal(t, lacking(file+want, "correct "+file), d.projects(t.Context())[0].composeProject(t.Context()))
	}
	d := &doctor{engine: newEngine(), hostName: "h", config: &config.Config{Path: "/etc/e.yaml"}, host: config.Host{Projects: map[string]config.Project{"shop": {Directory: "/gone"}}}}
	got := d.projects(t.Context())[0].composeProject(t.Context())
	require.Equal(t, lacking("there is no Compose file in /gone or a folder above; name its folder or its files", "correct hosts.h.projects.shop in /etc/e.yaml"), got)
}
