package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestTimeZone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "timezone")
	require.NoError(t, os.WriteFile(file, []byte("Asia/Tokyo\n"), 0o600))
	odd := filepath.Join(dir, "odd")
	require.NoError(t, os.WriteFile(odd, []byte("Local\n"), 0o600))
	zones := filepath.Join(dir, "share", "zoneinfo", "posix", "America")
	require.NoError(t, os.MkdirAll(zones, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(zones, "Lima"), nil, 0o600))
	link := filepath.Join(dir, "localtime")
	require.NoError(t, os.Symlink("share/zoneinfo/posix/America/Lima", link))
	for name, c := range map[string]struct{ tz, file, link, want string }{
		"variable":       {"Europe/Vienna", file, link, "Europe/Vienna"},
		"with a colon":   {":Europe/Vienna", file, link, "Europe/Vienna"},
		"a rule":         {"CET-1CEST,M3.5.0,M10.5.0/3", file, link, "Asia/Tokyo"},
		"a path":         {"/etc/localtime", file, link, "Asia/Tokyo"},
		"file":           {"", file, link, "Asia/Tokyo"},
		"no name inside": {"", odd, link, "America/Lima"},
		"link":           {"", "gone", link, "America/Lima"},
		"nothing":        {"", "gone", "gone", "UTC"},
		"no link":        {"", "gone", file, "UTC"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, timeZone(c.tz, c.file, c.link)) })
	}
}

func TestHostName(t *testing.T) {
	for machine, want := range map[string]string{
		"gpu1": "gpu1", "GPU-1.lab.example": "gpu-1", "my_box": "my_box", "Büro PC": "b-ro-pc", "-x": "x", "": "host", "...": "host", "日本": "host",
	} {
		require.Equal(t, want, hostName(machine), "%q", machine)
		require.True(t, strictyaml.IsName(hostName(machine)), "%q", machine)
	}
}

func TestComposeProject(t *testing.T) {
	for name, c := range map[string]struct{ folder, file, text, wantFile, want string }{
		"name in the file":      {"Shop", "compose.yaml", "name: web\n", "compose.yaml", "web"},
		"the folder's name":     {"My Shop.2", "docker-compose.yaml", "services: {}\n", "docker-compose.yaml", "myshop2"},
		"a variable in it":      {"shop", "compose.yml", "name: ${PROJECT:-x}\n", "compose.yml", "shop"},
		"not YAML":              {"shop", "docker-compose.yml", "name: [\n", "docker-compose.yml", "shop"},
		"no file":               {"_shop", "other", "", "compose.yaml", "shop"},
		"nothing usable at all": {"...", "other", "", "compose.yaml", "project"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), c.folder)
			require.NoError(t, os.Mkdir(folder, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(folder, c.file), []byte(c.text), 0o600))
			file, ok := composeFile(folder)
			require.Equal(t, c.wantFile, file)
			require.Equal(t, c.file != "other", ok)
			require.Equal(t, c.want, projectName(folder, file))
		})
	}
	folder := t.TempDir()
	for _, name := range []string{"docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
		file, _ := composeFile(folder)
		require.Equal(t, name, file, "the order is Compose's own")
	}
}
