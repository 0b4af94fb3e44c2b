package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
)

func (p *projectDoctor) nginx(ctx context.Context) finding {
	switch n := p.config.Nginx; {
	case n == nil:
		return noted("none is configured", "for services that nginx sends requests to, add it to "+p.at())
	case n.Service != "":
		return p.nginxContainer()
	default:
		return nginxOnHost(ctx, *n)
	}
}

func (p *projectDoctor) nginxContainer() finding {
	seen, err := p.seen()
	if err != nil {
		return notAsked("needs the Docker engine")
	}
	service := p.config.Nginx.Service
	for _, c := range seen.of(service) {
		if c.running() {
			return well(fmt.Sprintf("container %s, %s", c.name(), c.Status))
		}
	}
	return lacking(fmt.Sprintf("no container of the service %s runs", service), "start it in "+p.config.Directory+" with "+p.command("up -d "+service))
}

func nginxOnHost(ctx context.Context, n config.Nginx) finding {
	version, err := nginxVersion(ctx)
	if err != nil {
		return lacking(err.Error(), "install nginx")
	}
	if _, err := os.Stat(n.Config); err != nil {
		return lacking(err.Error(), "correct nginx.config")
	}
	pid, err := pidOf(n.PIDFile)
	if err != nil {
		return lacking(err.Error(), "start nginx, or correct nginx.pid_file")
	}
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return lacking(fmt.Sprintf("%s names process %d, which does not run", n.PIDFile, pid), "start nginx")
	}
	return well(fmt.Sprintf("%s, process %d", version, pid))
}

// nginxVersion looks where an ordinary user's PATH does not lead, too.
func nginxVersion(ctx context.Context) (string, error) {
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	command := exec.CommandContext(ctx, path, "-v")
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("nginx -v: %w", err)
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
	return version, nil
}

func pidOf(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("%s holds no process id", file)
	}
	return pid, nil
}
