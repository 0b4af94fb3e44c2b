package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// A router that was never made is known by the files that it mounts and by the names of its networks.
func TestPlannedRouter(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"compose.yaml": `name: shop
services:
  web: {image: web, networks: [back]}
  nginx:
    image: nginx
    networks: [front]
    configs: [{source: conf, target: /etc/nginx/nginx.conf}]
    volumes: ["./up:/etc/nginx/up:ro"]
configs: {conf: {file: ./main.conf}}
networks: {front: , back: }
`,
		"main.conf":   "http { include /etc/nginx/up/*.conf; include /etc/nginx/other.conf; server { location / { proxy_pass http://web; } } }",
		"up/web.conf": "# Managed by evenkeel\nupstream web { server 127.0.0.1:9 down; }",
		"up/x.txt":    "",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	project := compose.New(compose.Options{Directory: dir})
	services, err := project.Services(t.Context())
	require.NoError(t, err)
	r := plannedRouter(t.Context(), project, services)
	require.NotNil(t, r)
	require.Equal(t, []routerFolder{{host: filepath.Join(dir, "up"), inside: "/etc/nginx/up"}}, r.folders)
	require.Equal(t, route{upstream: "web"}, r.route("web", []string{"nginx", "web"}), "the upstream is evenkeel's own")
	require.Equal(t, map[string]attachment{"shop_front": {}}, r.details.NetworkSettings.Networks)

	var web details
	web.State.Running = true
	web.NetworkSettings.Networks = map[string]attachment{"shop_back": {NetworkID: "b", IPAddress: "10.0.0.2"}}
	got, running := members(*r, map[string]details{"1": web}, []container{{ID: "1"}}, 80)
	require.Empty(t, got)
	require.Equal(t, 1, running)
	web.NetworkSettings.Networks["shop_front"] = attachment{NetworkID: "f", IPAddress: "10.1.0.2"}
	got, _ = members(*r, map[string]details{"1": web}, []container{{ID: "1"}}, 80)
	require.Equal(t, []string{"10.1.0.2:80"}, got)
}
