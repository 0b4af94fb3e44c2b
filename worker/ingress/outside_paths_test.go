package ingress

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is not configured is not there, and no page reaches it under another name.
func TestWhatIsThere(t *testing.T) {
	o := newOutside(t)
	at := strings.TrimPrefix(o.url, "http://")
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)
	body := alerts("firing", "a")
	for name, c := range map[string]struct {
		path, host string
		want       int
	}{
		"as it is":            {"/hooks/alertmanager", at, 200},
		"localhost":           {"/hooks/alertmanager", "LocalHost:" + port, 200},
		"as it is written":    {"/hooks/alertmanager", "GPU-1:9465", 200},
		"another name":        {"/hooks/alertmanager", "evil.example.com:" + port, 403},
		"another port":        {"/hooks/alertmanager", "127.0.0.1:1", 403},
		"no port":             {"/hooks/alertmanager", "127.0.0.1", 403},
		"another path":        {"/", at, 404},
		"no hook":             {"/hooks/", at, 404},
		"a hook not there":    {"/hooks/other", at, 404},
		"below one":           {"/hooks/alertmanager/x", at, 404},
		"health and metrics":  {"/metrics", at, 404},
		"what is not in use":  {"/hooks/off", at, 401},
		"a hook without HMAC": {"/hooks/ci", at, 401},
	} {
		status, text, _ := o.post(t, c.path, body, bearer, "Host: "+c.host)
		require.Equal(t, c.want, status, name)
		if status == 404 {
			require.Equal(t, "404 page not found\n", text)
		}
	}
	answer, err := http.Get(o.url + "/hooks/alertmanager")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode)
	require.Len(t, o.started, 1)
}

// Elsewhere than on loopback, localhost is somebody else.
func TestHostsOf(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 9465}
	require.Equal(t, []string{"gpu-1:9465", "10.0.0.7:9465"}, hostsOf("GPU-1:9465", at))
	require.Equal(t, []string{"[::1]:9465", "[::1]:9465", "localhost:9465"}, hostsOf("[::1]:9465", &net.TCPAddr{IP: net.IPv6loopback, Port: 9465}))
}

// Whoever connects and says nothing keeps others waiting at most until they run into their time, and never the worker
// from stopping.
func TestFewAreConnectedAtATime(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := listener.Addr().String()
	few := limit(listener, 2)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	go func() { done <- serveUntil(ctx, few, server) }()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", at)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	first, _ := dial(), dial()
	require.Eventually(t, func() bool { return len(few.free) == 2 }, 10*time.Second, time.Millisecond)
	third := dial()
	fmt.Fprint(third, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, third.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err = third.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout", "there is no room")
	require.NoError(t, first.Close())
	require.NoError(t, third.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := http.ReadResponse(bufio.NewReader(third), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
	cancel()
	select {
	case <-done: // a connection that says nothing is cut after the grace
	case <-time.After(time.Minute):
		require.Fail(t, "it does not stop")
	}
}
