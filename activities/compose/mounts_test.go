package compose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMounts(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(`
services:
  nginx:
    image: nginx
    volumes: ["./up:/etc/nginx/up/:ro", "data:/data", {type: tmpfs, target: /t}]
    configs: [{source: conf, target: /etc/nginx/nginx.conf}, text]
    secrets: [key]
volumes: {data: }
configs: {conf: {file: ./nginx.conf}, text: {content: a}}
secrets: {key: {file: /srv/key}}
`), 0o600))
	got, err := New(Options{Directory: dir}).Mounts(t.Context(), "nginx")
	require.NoError(t, err)
	require.Equal(t, []Mount{
		{filepath.Join(dir, "up"), "/etc/nginx/up"}, {"/srv/key", "/run/secrets/key"}, {filepath.Join(dir, "nginx.conf"), "/etc/nginx/nginx.conf"},
	}, got)
	_, err = New(Options{Directory: dir}).Mounts(t.Context(), "gone")
	require.ErrorContains(t, err, "has no service gone")
}
