//go:build e2e

package nginx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

const configuration = `
daemon off;
worker_processes 2;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
events {}
http {
    access_log off;
    keepalive_timeout 0;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    include DIR/upstreams/*.conf;
    server {
        listen ADDRESS;
        location / { proxy_pass http://app; }
    }
}
`

// realNginx is the machine's own nginx in front of the upstream "app".
type realNginx struct {
	*Router
	dir, url string
}

// startNginx starts nginx with the given members.
func startNginx(t *testing.T, servers ...string) realNginx {
	t.Helper()
	root := t.TempDir()
	upstreams := filepath.Join(root, "upstreams")
	require.NoError(t, os.Mkdir(upstreams, 0o755))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	config := filepath.Join(root, "nginx.conf")
	text := strings.NewReplacer("DIR", root, "ADDRESS", address).Replace(configuration)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	first, err := render("app", servers)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(upstreams, "app.conf"), first, 0o644))

	var output bytes.Buffer
	cmd := exec.Command("nginx", "-c", config)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	require.NoError(t, cmd.Start(), "nginx must be installed")
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // workers that were just being made when the master was told
		if t.Failed() {
			errors, _ := os.ReadFile(filepath.Join(root, "error.log"))
			t.Logf("nginx: %s%s", output.String(), errors)
		}
	})
	process := HostProcess(config, filepath.Join(root, "nginx.pid"))
	require.Eventually(t, func() bool {
		workers, err := process.Workers(t.Context())
		return err == nil && len(workers) == 2
	}, 20*time.Second, 20*time.Millisecond)
	return realNginx{Router: New(upstreams, process), dir: upstreams, url: "http://" + address}
}

// backend answers a POST after 100ms, one to /held not before release is closed.
type backend struct {
	*httptest.Server
	requests atomic.Int64
	release  chan struct{}
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{release: make(chan struct{})}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		if r.URL.Path == "/held" {
			<-b.release
		}
		time.Sleep(100 * time.Millisecond)
		io.Copy(w, r.Body)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) address() string { return b.Listener.Addr().String() }

// kill ends a backend like an app that exits at once: nothing that it still has is finished.
func (b *backend) kill() {
	b.Listener.Close()
	b.CloseClientConnections()
}

// post sends a request and says what is wrong with the answer; a body that does not come back whole
// is wrong.
func post(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("prompt"))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || string(body) != "prompt" {
		return fmt.Errorf("%s %q", response.Status, body)
	}
	return nil
}

// load sends requests from many clients until stop is called, which returns how many there were and
// the failures.
func load(t *testing.T, url string) (stop func() (sent int64, failures []error)) {
	t.Helper()
	var (
		group  sync.WaitGroup
		sent   atomic.Int64
		mu     sync.Mutex
		failed []error
	)
	end, start := make(chan struct{}), time.Now()
	for range 48 {
		group.Go(func() {
			pace := time.NewTicker(120 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-end:
					return
				case <-pace.C:
				}
				sent.Add(1)
				if err := post(context.Background(), url); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	var once sync.Once
	stop = func() (int64, []error) {
		once.Do(func() {
			close(end)
			group.Wait()
			t.Logf("%d requests, %.0f a second, %d failed", sent.Load(), float64(sent.Load())/time.Since(start).Seconds(), len(failed))
		})
		return sent.Load(), failed
	}
	t.Cleanup(func() { stop() })
	return stop
}

func (n realNginx) awaitDrained(t *testing.T, workers []int) {
	t.Helper()
	require.Eventually(t, func() bool {
		serving, err := n.Serving(t.Context(), workers)
		return err == nil && len(serving) == 0
	}, 30*time.Second, 20*time.Millisecond)
}

// Scaling 1 → 3 → 1 under load loses nothing, though the backends are killed when they have drained.
func TestNoRequestIsLost(t *testing.T) {
	first := startBackend(t)
	n := startNginx(t, first.address())
	stop := load(t, n.url)
	for range 5 {
		added := []*backend{startBackend(t), startBackend(t)}
		_, err := n.Apply(t.Context(), "app", []string{first.address(), added[0].address(), added[1].address()})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return added[0].requests.Load() > 10 && added[1].requests.Load() > 10
		}, 30*time.Second, 10*time.Millisecond, "both new members get traffic")

		workers, err := n.Apply(t.Context(), "app", []string{first.address()})
		require.NoError(t, err)
		require.NotEmpty(t, workers)
		n.awaitDrained(t, workers)
		for _, b := range added {
			b.kill()
		}
	}
	sent, failures := stop()
	require.NotZero(t, sent)
	require.Empty(t, failures)
}

func TestBrokenNeighbour(t *testing.T) {
	b := startBackend(t)
	n := startNginx(t, b.address())
	path := filepath.Join(n.dir, "app.conf")
	old := read(t, path)
	require.NoError(t, os.WriteFile(filepath.Join(n.dir, "neighbour.conf"), []byte("upstream neighbour { nonsense on; }\n"), 0o644))

	_, err := n.Apply(t.Context(), "app", []string{"127.0.0.1:1"})
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, `unknown directive "nonsense" in `)
	require.ErrorContains(t, err, "neighbour.conf:1")
	require.Equal(t, old, read(t, path))
	_, err = n.Apply(t.Context(), "other", []string{"127.0.0.1:1"})
	requireClass(t, activities.PreconditionFailed, err)
	require.NoFileExists(t, filepath.Join(n.dir, "other.conf"))
	require.NoError(t, post(t.Context(), n.url), "nginx serves on")
}

// A worker from before the reload stays in Serving as long as it has a request, even when its
// replica is no longer a member, and the request ends well.
func TestOldWorkersServeUntilTheirRequestEnds(t *testing.T) {
	old, current := startBackend(t), startBackend(t)
	n := startNginx(t, old.address())
	answer := make(chan error, 1)
	go func() { answer <- post(context.Background(), n.url+"/held") }()
	require.Eventually(t, func() bool { return old.requests.Load() == 1 }, 20*time.Second, 5*time.Millisecond)

	workers, err := n.Apply(t.Context(), "app", []string{current.address()})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	require.NoError(t, post(t.Context(), n.url))
	// A second reload does not make it forget the worker of the first.
	again, err := n.Apply(t.Context(), "app", []string{current.address()})
	require.NoError(t, err)
	var left []int
	require.Eventually(t, func() bool {
		left, err = n.Serving(t.Context(), workers)
		return err == nil && len(left) < 2
	}, 20*time.Second, 5*time.Millisecond, "the worker without a request ends at once")
	require.Len(t, left, 1, "the request is still at work")
	require.Contains(t, again, left[0])
	time.Sleep(3 * time.Second)
	still, err := n.Serving(t.Context(), workers)
	require.NoError(t, err)
	require.Equal(t, left, still, "for as long as it takes")
	close(old.release)
	require.NoError(t, <-answer)
	n.awaitDrained(t, workers)
	n.awaitDrained(t, again)
}

func TestNoMembers(t *testing.T) {
	b := startBackend(t)
	n := startNginx(t, b.address())
	workers, err := n.Apply(t.Context(), "app", nil)
	require.NoError(t, err)
	n.awaitDrained(t, workers)
	require.ErrorContains(t, post(t.Context(), n.url), "502")
	require.Zero(t, b.requests.Load())
}

func TestAThousandMembers(t *testing.T) {
	n := startNginx(t)
	var servers []string
	for i := range 1000 {
		servers = append(servers, fmt.Sprintf("127.1.%d.%d:65535", i/250, i%250+1))
	}
	_, err := n.Apply(t.Context(), "app", servers)
	require.NoError(t, err)
	config, err := n.process.Test(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1000, strings.Count(config, " max_fails=0;"), "nginx reads them all")
}

// A dead member does not fail a POST and does not make nginx refuse the others.
func TestADeadMember(t *testing.T) {
	dead, alive := startBackend(t), startBackend(t)
	n := startNginx(t, dead.address(), alive.address())
	dead.kill()
	for range 20 {
		require.NoError(t, post(t.Context(), n.url))
	}
	require.EqualValues(t, 20, alive.requests.Load())
}

// Names of services as Compose allows them, and members over IPv6, are nginx's as well.
func TestNamesAndIPv6(t *testing.T) {
	n := startNginx(t)
	for _, name := range []string{"openWebUI", "_worker", "v1.2-rc_3"} {
		_, err := n.Apply(t.Context(), name, []string{"[::1]:8080", "127.0.0.1:8080"})
		require.NoError(t, err)
		config, err := n.process.Test(t.Context())
		require.NoError(t, err)
		require.Contains(t, config, "upstream "+name+" {")
	}
}

func TestAMemberOverIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	require.NoError(t, err)
	b := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	b.Listener.Close()
	b.Listener = l
	b.Start()
	defer b.Close()
	n := startNginx(t, l.Addr().String())
	require.NoError(t, post(t.Context(), n.url))
	require.NoError(t, n.Reach(t.Context(), []string{l.Addr().String()}))
}
