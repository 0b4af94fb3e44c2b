package nginx

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

const roleVariable = "EVENKEEL_TEST_NGINX_ROLE"

// TestMain lets the test binary stand in for nginx's processes, which are known by their titles.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "master":
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		for _, title := range []string{"nginx: worker process", "nginx: worker process is shutting down", "nginx: cache manager process"} {
			child := titledCommand(title, "child")
			if err := child.Start(); err != nil {
				panic(err)
			}
			fmt.Println(child.Process.Pid)
		}
		for range hup {
			fmt.Println("HUP")
		}
	case "child":
		select {}
	default:
		os.Exit(m.Run())
	}
}

func titledCommand(title, role string) *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{title}, Env: append(os.Environ(), roleVariable+"="+role), Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	}
}

// startMaster starts a process with a title and three children and returns its first lines.
func startMaster(t *testing.T, title string) (master *exec.Cmd, children []int, lines *bufio.Reader) {
	t.Helper()
	master = titledCommand(title, "master")
	out, err := master.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, master.Start())
	t.Cleanup(func() {
		master.Process.Kill()
		master.Wait()
	})
	lines = bufio.NewReader(out)
	for range 3 {
		var pid int
		_, err := fmt.Fscanln(lines, &pid)
		require.NoError(t, err)
		children = append(children, pid)
	}
	return master, children, lines
}

func pidFile(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "nginx.pid")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestHostProcessFindsItsOwn(t *testing.T) {
	master, children, lines := startMaster(t, "nginx: master process nginx -g daemon on;")
	startMaster(t, "nginx: master process another")
	h := HostProcess("/etc/nginx/nginx.conf", pidFile(t, fmt.Sprintf("%d\n", master.Process.Pid)))

	require.Eventually(t, func() bool { // a child has its title only after exec
		workers, err := h.Workers(t.Context())
		return err == nil && len(workers) == 2
	}, 10*time.Second, 10*time.Millisecond)
	workers, err := h.Workers(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, children[:2], workers, "neither the cache manager nor another nginx's workers")

	place, err := h.Place(t.Context())
	require.NoError(t, err)
	require.Equal(t, scaling.Place{OnHost: true}, place)

	require.NoError(t, h.Reload(t.Context()))
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HUP\n", line)

	require.NoError(t, master.Process.Kill())
	_, err = io.Copy(io.Discard, lines)
	require.NoError(t, err)
	master.Wait()
	requireNoNginx(t, h)
}

func TestStalePidFile(t *testing.T) {
	// A HUP would end this test: it does not handle one.
	for name, text := range map[string]string{
		"a stranger": fmt.Sprint(os.Getpid()), "empty": "", "no number": "x", "negative": "-1", "nobody": "4194304",
	} {
		t.Run(name, func(t *testing.T) { requireNoNginx(t, HostProcess("", pidFile(t, text))) })
	}
	t.Run("none", func(t *testing.T) { requireNoNginx(t, HostProcess("", filepath.Join(t.TempDir(), "none"))) })
}

func requireNoNginx(t *testing.T, h Process) {
	t.Helper()
	workers, err := h.Workers(t.Context())
	require.NoError(t, err)
	require.Empty(t, workers)
	requireClass(t, activities.Unavailable, h.Reload(t.Context()))
	_, err = h.Place(t.Context())
	requireClass(t, activities.Unavailable, err)
}

func TestHostReaches(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer open.Close()
	v6, err := net.Listen("tcp", "[::1]:0")
	require.NoError(t, err)
	defer v6.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	h := HostProcess("", "")
	require.NoError(t, h.Reach(t.Context(), []string{open.Addr().String(), v6.Addr().String()}))
	require.NoError(t, h.Reach(t.Context(), nil))
	err = h.Reach(t.Context(), []string{open.Addr().String(), gone.Addr().String()})
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, gone.Addr().String()+" (connect: connection refused)")
	require.NotContains(t, err.Error(), open.Addr().String())
	requireClass(t, activities.InvalidInput, h.Reach(t.Context(), []string{"replica:80"}))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.Reach(cancelled, []string{open.Addr().String()}), context.Canceled)
}

func TestHostTest(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	program := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, "nginx"), []byte("#!/bin/sh\n"+script), 0o755))
	}
	h := HostProcess("/some/nginx.conf", "")

	program(`[ "$*" = "-T -c /some/nginx.conf" ] && echo "events {}"`)
	config, err := h.Test(t.Context())
	require.NoError(t, err)
	require.Equal(t, "events {}\n", config)

	program("echo 'nginx: [emerg] unexpected }' >&2; exit 1")
	_, err = h.Test(t.Context())
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "nginx: [emerg] unexpected }")

	program("yes 'nginx: [warn] again' | head -c 1000000 >&2; exit 1")
	_, err = h.Test(t.Context())
	requireClass(t, activities.PreconditionFailed, err)
	require.Less(t, len(err.Error()), maxWords+100)
	require.True(t, strings.HasPrefix(err.Error(), "nginx -t: exit status 1: nginx: [warn] again"), "the first words are kept")

	program("exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = h.Test(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	t.Setenv("PATH", t.TempDir())
	_, err = h.Test(t.Context())
	requireClass(t, activities.NotFound, err)
}
