//go:build e2e

package dockerd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

// nginxImage packs the nginx of this host with the libraries that it is linked to.
func nginxImage(t *testing.T) string {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		bin = "/usr/sbin/nginx"
	}
	out, err := exec.Command("ldd", bin).CombinedOutput()
	require.NoError(t, err, string(out))
	files := map[string]string{"bin/nginx": bin}
	for _, lib := range regexp.MustCompile(`/\S+`).FindAllString(string(out), -1) {
		files[strings.TrimPrefix(lib, "/")] = lib
	}
	for name, line := range map[string]string{"passwd": "root:x:0:0::/:/bin/false\n", "group": "root:x:0:\n"} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(line), 0o600))
		files["etc/"+name] = path
	}
	return dockertest.Image(t, files, "ENV PATH=/bin", `ENTRYPOINT ["nginx", "-g", "daemon off;"]`)
}

const router = `
services:
  router:
    image: IMAGE
    tmpfs: [/var/log/nginx, /var/lib/nginx, /run]
    volumes: ["./conf:/etc/nginx:ro"]
`

func TestProcess(t *testing.T) {
	t.Parallel()
	p := dockertest.NewProject(t, strings.ReplaceAll(router, "IMAGE", nginxImage(t)))
	conf := filepath.Join(filepath.Dir(p.File), "conf", "nginx.conf")
	write := func(text string) { require.NoError(t, os.WriteFile(conf, []byte(text), 0o644)) }
	require.NoError(t, os.Mkdir(filepath.Dir(conf), 0o755))
	good := "user root root; worker_processes 2; events {} http { server { listen 80; } }\n"
	engine, err := New()
	require.NoError(t, err)
	defer engine.Close()
	ctx := t.Context()
	write(good)
	nginx := NewProcess(engine, p.Name, "router")

	none, err := nginx.Workers(ctx)
	require.NoError(t, err)
	require.Empty(t, none, "there is no container yet")
	p.Run("up", "-d")

	var before []int
	require.Eventually(t, func() bool {
		before, err = nginx.Workers(ctx)
		return err == nil && len(before) == 2
	}, 20*time.Second, 50*time.Millisecond, "%s", p.Run("logs"))
	for _, pid := range before {
		// They are the host's ids.
		title, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		require.NoError(t, err)
		require.Contains(t, string(title), "nginx: worker process")
	}
	config, err := nginx.Test(ctx)
	require.NoError(t, err)
	require.Contains(t, config, good)

	write("events {} http { server { listen 80; nonsense on; } }\n")
	_, err = nginx.Test(ctx)
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, `unknown directive "nonsense" in /etc/nginx/nginx.conf:1`)
	require.NotContains(t, err.Error(), "\r")

	write(good)
	require.NoError(t, nginx.Reload(ctx))
	require.Eventually(t, func() bool {
		now, err := nginx.Workers(ctx)
		return err == nil && len(now) == 2 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(before, pid) })
	}, 20*time.Second, 50*time.Millisecond)

	p.Run("pause")
	_, err = nginx.Workers(ctx)
	requireClass(t, activities.Unavailable, err)
	p.Run("unpause")
	p.Run("stop", "--timeout", "1")
	none, err = nginx.Workers(ctx)
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = nginx.Test(ctx)
	requireClass(t, activities.Unavailable, err)
	requireClass(t, activities.Unavailable, nginx.Reload(ctx))
}
