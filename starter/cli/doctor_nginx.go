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

func (d *doctor) nginx(ctx context.Context) finding {
	return d.withHost(func(host config.Host) finding {
		switch {
		case host.Nginx == nil:
			return noted("none is configured", "for services that nginx sends requests to, add it to hosts."+d.hostName)
		case host.Nginx.Service != "":
			return d.nginxContainer(ctx, host)
		default:
			return nginxOnHost(ctx, *host.Nginx)
		}
	})
}

func (d *doctor) nginxContainer(ctx context.Context, host config.Host) finding {
	running, err := d.engine.containers(ctx, host.Compose.Project)
	if err != nil {
		return notAsked("needs the Docker engine")
	}
	for _, c := range running {
		if c.service() == host.Nginx.Service {
			return well(fmt.Sprintf("container %s, %s", c.name(), c.Status))
		}
	}
	return lacking(fmt.Sprintf("no container of the service %s runs", host.Nginx.Service), "start it with docker compose -p "+host.Compose.Project+" -f "+host.Compose.File+" up -d "+host.Nginx.Service)
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

func (d *doctor) nginxUpstreams(context.Context) finding {
	return d.withHost(func(host config.Host) finding {
		if host.Nginx == nil {
			return notAsked("needs nginx")
		}
		if err := writable(host.Nginx.Upstreams); err != nil {
			return lacking(err.Error(), "make the folder for the user that evenkeel runs as, and include its *.conf in nginx.conf")
		}
		return well(host.Nginx.Upstreams)
	})
}
