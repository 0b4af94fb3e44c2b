package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asEvenkeel makes the test program evenkeel itself.
const asEvenkeel = "EVENKEEL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asEvenkeel) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const configuration = `apiVersion: evenkeel/v1
time_zone: UTC
hosts:
  gpu-1:
    projects:
      shop: {directory: /srv/shop, services: {web: {port: 80}}}
`

// process is an evenkeel of its own, with its state in dir.
type process struct {
	*exec.Cmd
	t     *testing.T
	ready string
	err   bytes.Buffer
	ended chan error
}

func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "evenkeel.yaml")
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
	p := &process{t: t, ended: make(chan error, 1)}
	p.Cmd = exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "--config", file, "--port", "0", "--ui-port", "0", "--http", "127.0.0.1:0")
	p.Env = append(os.Environ(), asEvenkeel+"=1", "EVENKEEL_STATE="+dir)
	p.Stderr = &p.err
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && p.ready == "" {
		if address, ok := strings.CutPrefix(lines.Text(), "Health    "); ok {
			p.ready = address
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		p.ended <- p.Wait()
	}()
	t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(time.Minute):
			_ = p.Process.Kill()
		}
	})
	require.NotEmpty(t, p.ready, "it did not start: %s", &p.err)
	p.eventually(http.StatusOK, "ready\n")
	return p
}

// eventually waits for an answer of /readyz.
func (p *process) eventually(status int, words ...string) {
	p.t.Helper()
	var answer string
	require.Eventually(p.t, func() bool {
		response, err := http.Get(p.ready)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		answer = string(text)
		for _, word := range words {
			if !strings.Contains(answer, word) {
				return false
			}
		}
		return err == nil && response.StatusCode == status
	}, 30*time.Second, 100*time.Millisecond, "%d %q: %s", status, words, &answer)
}

// Without its state nothing that evenkeel does is kept, so it ends and says why.
func TestEvenkeelEndsWhenItsStateIsRemoved(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"the directory": os.RemoveAll,
		"the database":  func(dir string) error { return os.Remove(filepath.Join(dir, "temporal.db")) },
		"the ledger":    func(dir string) error { return os.Remove(filepath.Join(dir, "ledger.db")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			p := startProcess(t, dir)
			began := time.Now()
			require.NoError(t, remove(dir))
			select {
			case err := <-p.ended:
				p.ended <- err
				took := time.Since(began)
				exit, ok := errors.AsType[*exec.ExitError](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, 3, exit.ExitCode())
				require.Less(t, took, 20*time.Second)
				t.Logf("ended after %s", took.Round(10*time.Millisecond))
			case <-time.After(50 * time.Second):
				t.Fatal("it goes on")
			}
			lines := strings.Split(strings.TrimSpace(p.err.String()), "\n")
			last := lines[len(lines)-1]
			require.True(t, strings.HasPrefix(last, "evenkeel: "+dir), last)
			require.Contains(t, last, "was removed while this process was using it")
		})
	}
}

func TestEvenkeelIsNotReadyOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("only root may mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	p := startProcess(t, dir)
	filler := filepath.Join(dir, "filler")
	_ = os.WriteFile(filler, make([]byte, 80<<20), 0o600) // as much of it as there is room for
	p.eventually(http.StatusServiceUnavailable, "not ready\n", "state     FAILED: the disk of "+dir+" takes nothing", "no space left on device", "worker    ok")
	require.NoError(t, os.Remove(filler))
	p.eventually(http.StatusOK, "ready\n")
}
