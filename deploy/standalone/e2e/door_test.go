//go:build e2e

package e2e

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/deploy/standalone/server"
	"github.com/evenkeel/evenkeel/workflows"
)

// isolated says that the test runs in a network of its own, where no container comes and goes: Chromium
// gives up its loads when an interface appears.
const isolated = "EVENKEEL_E2E_ISOLATED"

// TestBrowserAtTheDoor opens pages of strangers in a real browser on the host of an evenkeel: one whose name
// was made to point at the Web UI (DNS rebinding), and one on another port. Both are refused. Our own page is
// not.
func TestBrowserAtTheDoor(t *testing.T) {
	if os.Getenv(isolated) == "" {
		isolate(t)
		return
	}
	d := newDoorSite(t)
	t.Run("rebinding", func(t *testing.T) {
		d.visit(t, "http://evil.example:"+d.port+strangerPath)
		require.Equal(t, []string{"GET 403 evil.example", "POST 403 evil.example"}, d.seen())
	})
	t.Run("another port", func(t *testing.T) {
		stranger := httptest.NewServer(http.HandlerFunc(d.stranger))
		defer stranger.Close()
		d.visit(t, stranger.URL+strangerPath)
		require.Equal(t, []string{"GET 403 127.0.0.1", "POST 403 127.0.0.1"}, d.seen())
	})
	t.Run("our own page", func(t *testing.T) {
		list, page := "http://127.0.0.1:"+d.port+"/namespaces/default/workflows", ""
		for tries := 0; tries < 10 && !strings.Contains(page, "victim"); tries++ { // see site.webUI
			page = drawn(t, list)
		}
		require.Contains(t, page, "victim")
		// The page of a run that is at work is never done, for it waits for news; it asks the run for its details.
		defer open(t, list+"/victim")()
		var calls []string
		require.Eventually(t, func() bool {
			calls = append(calls, d.seen()...)
			return slices.Contains(calls, "POST 200 127.0.0.1")
		}, 30*time.Second, 100*time.Millisecond, "%v", &calls)
		for _, call := range calls {
			require.Contains(t, call, " 200 ")
		}
	})
}

// isolate runs the test once more, in a network namespace that has loopback only.
func isolate(t *testing.T) {
	t.Helper()
	flags := "-n"
	if os.Geteuid() != 0 {
		flags = "-rn"
	}
	again := exec.CommandContext(t.Context(), "unshare", flags, "sh", "-c", `ip link set lo up && exec "$0" "$@"`,
		os.Args[0], "-test.run=^TestBrowserAtTheDoor$", "-test.v")
	again.Env = append(os.Environ(), isolated+"=1")
	out, err := again.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
	require.Contains(t, string(out), "--- PASS: TestBrowserAtTheDoor/rebinding", "the test did not run")
}

// strangerPath is where the stranger's page is, under whatever name.
const strangerPath = "/stranger.html"

// doorSite is a server with one run. Before its Web UI stands a witness, on the same port of another
// address: it serves the stranger's page, as that one's own web server does before the name is made to point
// elsewhere, and notes what the Web UI answers to all else.
type doorSite struct {
	port string
	done chan struct{} // a message for each page that has finished
	mu   sync.Mutex
	log  []string
}

func newDoorSite(t *testing.T) *doorSite {
	t.Helper()
	d := &doorSite{done: make(chan struct{}, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	d.port = strconv.Itoa(port)
	s, err := server.Start(t.Context(), server.Options{
		StateDir: t.TempDir(), IP: "127.0.0.2", UIPort: port, Namespace: client.DefaultNamespace, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	c, err := client.Dial(client.Options{HostPort: s.HostPort()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflow(approvable)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "victim", TaskQueue: workflows.TaskQueue}, approvable)
	require.NoError(t, err)
	behind, err := url.Parse("http://127.0.0.2:" + d.port)
	require.NoError(t, err)
	witness := &httptest.Server{Listener: listener, Config: &http.Server{Handler: d.witness(behind), ReadHeaderTimeout: 5 * time.Second}}
	witness.Start()
	t.Cleanup(witness.Close)
	return d
}

// approvable waits for whoever says yes.
func approvable(ctx workflow.Context) error {
	approved := false
	err := workflow.SetUpdateHandler(ctx, "approve", func(workflow.Context) error {
		approved = true
		return nil
	})
	if err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return approved })
}

func (d *doorSite) witness(behind *url.URL) http.Handler {
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			if strings.HasPrefix(r.Request.URL.Path, "/api/v1/namespaces/default/workflows") {
				host, _, _ := net.SplitHostPort(r.Request.Host)
				d.mu.Lock()
				defer d.mu.Unlock()
				d.log = append(d.log, fmt.Sprint(r.Request.Method, " ", r.StatusCode, " ", host))
			}
			return nil
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == strangerPath || r.URL.Path == "/done" {
			d.stranger(w, r)
			return
		}
		through.ServeHTTP(w, r)
	})
}

// stranger serves the page that wants to list the runs and to answer a question for a person. It does what our
// own pages did: it takes the token against forged requests from its cookie, where it can.
func (d *doorSite) stranger(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/done":
		d.done <- struct{}{}
	case strangerPath:
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<script>
const ours = location.port == "%[1]s", runs = (ours ? "" : "http://127.0.0.1:%[1]s") + "/api/v1/namespaces/default/workflows"
const ask = (path, options) => fetch(runs + path, {mode: ours ? "same-origin" : "no-cors", signal: AbortSignal.timeout(5000), ...options}).catch(() => {})
ask("").then(() => {
  const token = document.cookie.match(/_csrf=([^;]+)/)
  const body = JSON.stringify({request: {meta: {updateId: "1"}, input: {name: "approve"}}, waitPolicy: {lifecycleStage: 3}})
  return ask("/victim/update/approve", {method: "POST", body, headers: ours && token ? {"X-CSRF-Token": token[1]} : {}})
}).then(() => fetch("/done"))
</script>`, d.port)
	default:
		http.NotFound(w, r)
	}
}

// seen takes what the witness has noted.
func (d *doorSite) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	log := d.log
	d.log = nil
	return log
}

// visit stays on a stranger's page until it has done its worst.
func (d *doorSite) visit(t *testing.T, page string) {
	t.Helper()
	defer open(t, page)()
	select {
	case <-d.done:
	case <-time.After(50 * time.Second):
		t.Fatal("the page did not finish")
	}
}
