package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

func (p *projectDoctor) nginx(ctx context.Context) finding {
	switch n := p.config.Nginx; {
	case n == nil:
		return noted("none is configured", "for services that nginx sends requests to, add it to "+p.at())
	case n.Service != "":
		return p.nginxContainer(ctx)
	default:
		return nginxOnHost(ctx, *n)
	}
}

func (p *projectDoctor) nginxContainer(ctx context.Context) finding {
	seen, err := p.seen()
	if err != nil {
		return notAsked("needs the Docker engine")
	}
	service := p.config.Nginx.Service
	for _, c := range seen.of(service) {
		if c.running() {
			return p.nginxTest(ctx, c)
		}
	}
	return lacking(fmt.Sprintf("no container of the service %s runs", service), "start it in "+p.config.Directory+" with "+p.command("up -d "+service))
}

// nginxTest asks a running nginx whether it would take its configuration as it lies there now.
func (p *projectDoctor) nginxTest(ctx context.Context, c container) finding {
	runs := fmt.Sprintf("container %s, %s", c.name(), c.Status)
	d, err := p.engine.inspect(ctx, c.ID)
	if err != nil {
		return notAsked(runs + ", and it cannot be looked into: " + reason(err))
	}
	output, code, err := p.engine.exec(ctx, c.ID, d.testCommand()...)
	switch {
	case err != nil:
		return noted(runs+"; nginx -t could not be run: "+reason(err), "see whether nginx is its program")
	case code == 126 || code == 127:
		return lacking(runs+", and nginx -t cannot be run in it: "+strings.Join(strings.Fields(output), " "), "name nginx's own service in "+p.at()+".nginx.service")
	case code != 0:
		return lacking(fmt.Sprintf("nginx -t in %s: %s", c.name(), strings.Join(strings.Fields(output), " ")),
			"correct its configuration: it would neither be reloaded nor start again")
	}
	return well(runs)
}

// testCommand is nginx -t with the options that the container's own nginx was started with.
func (d details) testCommand() []string {
	words := append([]string{d.Path}, d.Args...)
	command := []string{"nginx", "-t"}
	at := slices.IndexFunc(words, func(word string) bool { return path.Base(word) == "nginx" })
	if at < 0 {
		return command
	}
	command[0] = words[at]
	for i := at + 1; i+1 < len(words); i++ {
		if slices.Contains([]string{"-c", "-g", "-p", "-e"}, words[i]) {
			command = append(command, words[i], words[i+1])
			i++
		}
	}
	return command
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
	switch err := syscall.Kill(pid, 0); {
	case errors.Is(err, syscall.EPERM):
		return noted(fmt.Sprintf("%s, process %d, which this user may not signal", version, pid), "the worker needs a user who may: it reloads nginx by a signal")
	case err != nil:
		return lacking(fmt.Sprintf("%s names process %d, which does not run", n.PIDFile, pid), "start nginx")
	}
	return well(fmt.Sprintf("%s, process %d", version, pid))
}

// nginxVersion looks where an ordinary user's PATH does not lead, too.
func nginxVersion(ctx context.Context) (string, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	command := exec.CommandContext(ctx, program, "-v")
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("nginx -v: %w", err)
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
	return version, nil
}

func pidOf(file string) (int, error) {
	text, err := textfile.Read(file, textfile.Small)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("%s holds no process id", file)
	}
	return pid, nil
}
