//go:build e2e

package cli

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

func TestRealDocker(t *testing.T) {
	s := newSite(t, map[string]string{"compose.yaml": `name: SITE
services: {app: {image: "APP", command: [serve], scale: 2, cpus: 0.5, mem_limit: 64m, stop_grace_period: 1s}, idle: {image: "APP", profiles: [never]}}
`})
	d := s.doctorOf(config.Project{Directory: s.dir, Nginx: &config.Nginx{Service: "app"}})
	require.Regexp(t, `^[0-9]+\..*, API 1\.[0-9]+$`, d.dockerEngine(t.Context()).Detail)
	require.Equal(t, statusNote, d.composeProject(t.Context()).Status)
	require.Equal(t, statusMissing, d.nginx(t.Context()).Status)

	s.compose("up", "-d")
	d = s.doctorOf(config.Project{Directory: s.dir, Nginx: &config.Nginx{Service: "app"}})
	require.Equal(t, well(s.name+" in "+s.dir+": file compose.yaml (found in "+s.dir+"); running containers 2, services 1, all made from that"), d.composeProject(t.Context()))
	router := d.nginx(t.Context())
	require.Equal(t, statusMissing, router.Status, "it runs, and is no nginx")
	require.Regexp(t, `^container `+s.name+`-app-[12], Up .* nginx -t cannot be run in it: `, router.Detail)
	require.Equal(t, "services without limits: idle", d.limits(t.Context()).Detail)

	out, err := exec.Command("docker", "update", "--cpus", "0.25", s.name+"-app-2").CombinedOutput()
	require.NoError(t, err, string(out))
	d = s.doctorOf(config.Project{Directory: s.dir})
	require.Equal(t, "services without limits: idle; with others than planned: "+s.name+"-app-2 (CPU 0.25, planned 0.5)", d.limits(t.Context()).Detail)
}

func TestRealCompose(t *testing.T) {
	got := (&doctor{}).dockerCompose(t.Context())
	require.Equal(t, statusOK, got.Status, got.Detail)
	require.Regexp(t, `^[2-9]\.[0-9]+`, got.Detail)
}

func TestRealNginx(t *testing.T) {
	dir := t.TempDir()
	n := config.Nginx{Config: filepath.Join(dir, "nginx.conf"), PIDFile: filepath.Join(dir, "nginx.pid")}
	text := "daemon off; pid " + n.PIDFile + "; error_log " + dir + "/error.log; events {}"
	require.NoError(t, os.WriteFile(n.Config, []byte(text), 0o644))
	require.Equal(t, statusMissing, nginxOnHost(t.Context(), n).Status, "it does not run yet")

	nginx := exec.Command("nginx", "-c", n.Config)
	nginx.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, nginx.Start(), "nginx must be installed")
	t.Cleanup(func() { _ = syscall.Kill(-nginx.Process.Pid, syscall.SIGKILL) }) // a worker outlives a master that is killed
	require.Eventually(t, func() bool { return nginxOnHost(t.Context(), n).Status == statusOK }, 30*time.Second, 20*time.Millisecond)
	require.Regexp(t, `^1\.[0-9]+\.[0-9]+.*, process [0-9]+$`, nginxOnHost(t.Context(), n).Detail)

	// After a kill the pid file stays and names nobody.
	require.NoError(t, nginx.Process.Kill())
	_ = nginx.Wait()
	got := nginxOnHost(t.Context(), n)
	require.Equal(t, statusMissing, got.Status)
	require.Contains(t, got.Detail, "which does not run")
}

func TestRealPrometheus(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	shipped, err := filepath.Abs("../../deploy/prometheus/alerts.rules.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte("rule_files: ["+shipped+"]\nglobal: {scrape_interval: 1s}\nscrape_configs: [{job_name: none, static_configs: [{targets: ['127.0.0.1:1']}]}]\n"), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	server := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	require.NoError(t, server.Start(), "prometheus must be installed")
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/-/ready")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)

	d := &doctor{config: &config.Config{Prometheus: config.Prometheus{URL: "http://" + address}}}
	require.Regexp(t, `^[23]\.[0-9.]+.* at http://`+address+`$`, d.prometheus(t.Context()).Detail)
	require.Equal(t, well("11 of 11 alerts"), d.rules(t.Context()))
	require.Eventually(t, func() bool {
		return strings.HasPrefix(d.metrics(t.Context()).Detail, "1 of 13 metrics; not cache_hits_total, ")
	}, time.Minute, 100*time.Millisecond, "up")
}
