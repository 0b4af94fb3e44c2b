// Package stack starts and stops the demo product: its images, its Compose project and, on request,
// the programs of evenkeel beside it. The demo and the end-to-end tests share it.
package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Project is the name of the demo's Compose project.
const Project = "evenkeel-demo"

// Stack is the demo product on this machine's Docker engine.
type Stack struct {
	// Root is the repository's folder; programs are in its bin/.
	Root string
	// Dir is where the stack keeps its state: nginx's upstreams, faults for new replicas, evenkeel's
	// databases, logs.
	Dir string
	// Env is added to the environment of Compose and of every program that is started.
	Env []string
	// Log receives what the commands print when they fail and one line for each long step.
	Log func(format string, args ...any)
}

// New prepares a stack whose state is in dir. It starts nothing.
func New(root, dir string, log func(string, ...any), env ...string) (*Stack, error) {
	for _, sub := range []string{"upstreams", "faults", "state", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	env = append([]string{
		"EVENKEEL_DEMO_STATE=" + dir,
		"EVENKEEL_DEMO_DIRECTORY=" + filepath.Join(root, "deploy/demo"),
		"EVENKEEL_STATE=" + filepath.Join(dir, "state"),
		"EVENKEEL_CONFIG=" + filepath.Join(root, "deploy/demo/evenkeel.yaml"),
		"EVENKEEL_ADMIN_TOKEN=demo-token-of-this-machine",
		"EVENKEEL_DEMO_PROMETHEUS=http://" + prometheusAddress,
	}, env...)
	return &Stack{Root: root, Dir: dir, Env: env, Log: log}, nil
}

// URL is where nginx answers for the product.
func (s *Stack) URL() string { return "http://127.0.0.1:18080" }

// Bin is the path of one of evenkeel's programs.
func (s *Stack) Bin(name string) string { return filepath.Join(s.Root, "bin", name) }

// Up makes the images, removes what an earlier stack left, starts the Compose project and waits
// until the product answers through nginx.
func (s *Stack) Up(ctx context.Context) error {
	if err := s.Down(ctx); err != nil {
		return fmt.Errorf("remove what an earlier demo left: %w", err)
	}
	s.Log("making the images")
	if _, err := s.run(ctx, filepath.Join(s.Root, "deploy/demo/images/build.sh"), s.Bin("product")); err != nil {
		return err
	}
	s.Log("starting the product (docker compose up)")
	if _, err := s.Compose(ctx, "up", "-d", "--wait"); err != nil {
		return err
	}
	return s.await(ctx, s.URL()+"/ready", 2*time.Minute)
}

// Down removes the containers and networks of the project, each by its id.
func (s *Stack) Down(ctx context.Context) error {
	containers, err := s.ids(ctx, "ps", "-aq", "--no-trunc")
	if err != nil {
		return err
	}
	if len(containers) > 0 {
		if _, err := s.Docker(ctx, append([]string{"rm", "-f", "-v"}, containers...)...); err != nil {
			return err
		}
	}
	networks, err := s.ids(ctx, "network", "ls", "-q", "--no-trunc")
	if err != nil || len(networks) == 0 {
		return err
	}
	_, err = s.Docker(ctx, append([]string{"network", "rm"}, networks...)...)
	return err
}

func (s *Stack) ids(ctx context.Context, args ...string) ([]string, error) {
	out, err := s.Docker(ctx, append(args, "--filter", "label=com.docker.compose.project="+Project)...)
	return strings.Fields(out), err
}

// Compose runs `docker compose` on the project.
func (s *Stack) Compose(ctx context.Context, args ...string) (string, error) {
	return s.run(ctx, "docker", append([]string{"compose", "-p", Project, "-f", filepath.Join(s.Root, "deploy/demo/compose.yaml")}, args...)...)
}

// Docker runs the docker command.
func (s *Stack) Docker(ctx context.Context, args ...string) (string, error) {
	return s.run(ctx, "docker", args...)
}

// Starter runs bin/starter and returns its standard output.
func (s *Stack) Starter(ctx context.Context, args ...string) (string, error) {
	return s.run(ctx, s.Bin("starter"), args...)
}

func (s *Stack) run(ctx context.Context, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// await polls url until it answers 200.
func (s *Stack) await(ctx context.Context, url string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := http.Client{Timeout: 2 * time.Second}
	var last error
	for {
		response, err := client.Get(url)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(response.Status)
		}
		last = err
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", url, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
