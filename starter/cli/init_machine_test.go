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
