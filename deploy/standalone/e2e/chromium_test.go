//go:build e2e

package e2e

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a browser with nothing remembered, in which every strange name is this host.
func chromium(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	browser := exec.CommandContext(t.Context(), "chromium", append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.example 127.0.0.1", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	browser.WaitDelay = time.Second
	return browser
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
