//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a browser with nothing remembered, in which every strange name is this host.
func chromium(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	memory, err := os.MkdirTemp("", "evenkeel-chromium-") //nolint:usetesting // what the browser still writes when it is closed would fail the test
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(memory) })
	browser := exec.CommandContext(t.Context(), "chromium", append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.example 127.0.0.1", "--user-data-dir=" + memory,
	}, args...)...)
	browser.WaitDelay = time.Second
	return browser
}

// open opens a page and leaves it open until the returned function closes the browser.
func open(t *testing.T, page string) func() {
	t.Helper()
	browser := chromium(t, page)
	require.NoError(t, browser.Start())
	return func() {
		_ = browser.Process.Signal(syscall.SIGTERM) // it takes its children along
		defer time.AfterFunc(10*time.Second, func() { _ = browser.Process.Kill() }).Stop()
		_ = browser.Wait()
	}
}

// drawn is a page as the browser has drawn it.
func drawn(t *testing.T, page string) string {
	t.Helper()
	browser := chromium(t, "--virtual-time-budget=20000", "--dump-dom", page)
	var out bytes.Buffer
	browser.Stdout = &out
	require.NoError(t, browser.Run())
	return out.String()
}
