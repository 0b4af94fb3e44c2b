package httpprobe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Prober = (*Prober)(nil)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// reset answers the beginning of a body and closes the connection without its end.
func reset(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, "up 1\n")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, "%v", err)
}

func TestGet(t *testing.T) {
	var followed atomic.Bool
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/followed":
			followed.Store(true)
		case "/moved":
			http.Redirect(w, r, "/followed", http.StatusFound)
		case "/warming":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/abort":
			panic(http.ErrAbortHandler)
		}
	})
	for path, want := range map[string]int{"/": 200, "/warming": 503, "/moved": 302} {
		status, err := New().Get(t.Context(), url+path)
		require.NoError(t, err)
		require.Equal(t, want, status, path)
	}
	require.False(t, followed.Load())
	_, err := New().Get(t.Context(), url+"/abort")
	requireClass(t, activities.Unavailable, err)
	for _, bad := range []string{"", "/ready", "http://[", "http:///ready"} {
		_, err = New().Get(t.Context(), bad)
		requireClass(t, activities.InvalidInput, err)
	}
}

func TestNobodyListens(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := New().Get(t.Context(), s.URL)
	requireClass(t, activities.Unavailable, err)
	_, _, err = New().Gauge(t.Context(), s.URL, "up")
	requireClass(t, activities.Unavailable, err)
}

func TestSlow(t *testing.T) {
	end := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "up 1\n")
			w.(http.Flusher).Flush()
		}
		<-end
	})
	defer close(end)
	p := New()
	require.Equal(t, 5*time.Second, p.client.Timeout)
	p.client.Timeout = 100 * time.Millisecond
	_, err := p.Get(t.Context(), url)
	requireClass(t, activities.Unavailable, err)
	_, _, err = p.Gauge(t.Context(), url+"/body", "up")
	requireClass(t, activities.Unavailable, err)
}

// TestMain puts a proxy into the environment, which net/http reads only once.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(text("I am the proxy"))
	os.Setenv("http_proxy", proxy.URL)
	os.Setenv("no_proxy", "")
	os.Unsetenv("HTTP_PROXY")
	os.Unsetenv("NO_PROXY")
	os.Exit(m.Run())
}

// The proxy would answer for a port on which nobody listens. Loopback addresses never go to a proxy;
// 0.0.0.0 is the other way to reach this machine.
func TestNoProxyFromTheEnvironment(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := New().Get(t.Context(), strings.Replace(s.URL, "127.0.0.1", "0.0.0.0", 1))
	requireClass(t, activities.Unavailable, err)
}

func TestConnectionsAreNotKept(t *testing.T) {
	var closing atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Close {
			closing.Add(1)
		}
		io.WriteString(w, "up 1\n")
	})
	_, err := New().Get(t.Context(), url)
	require.NoError(t, err)
	_, _, err = New().Gauge(t.Context(), url, "up")
	require.NoError(t, err)
	require.EqualValues(t, 2, closing.Load())
}

const page = `# HELP app_in_flight Requests at work.
# TYPE app_in_flight gauge
app_in_flight{queue="a"} 2
app_in_flight{queue="b"} 0.5
# TYPE app_requests_total counter
app_requests_total{code="200"} 40
app_requests_total{code="500"} 2
vllm:num_requests_running{model_name="Ä \"x\""} 3
# TYPE app_seconds histogram
app_seconds_bucket{le="1"} 1
app_seconds_bucket{le="+Inf"} 2
app_seconds_sum 3
app_seconds_count 2
# TYPE app_size summary
app_size{quantile="0.5"} 1
app_size_sum 3
app_size_count 2
# TYPE app_broken gauge
app_broken NaN
# TYPE app_endless gauge
app_endless{x="a"} +Inf
# TYPE app_empty gauge
`

func TestGauge(t *testing.T) {
	url := serve(t, text(page))
	cases := []struct {
		metric string
		value  float64
		ok     bool
		class  string
	}{
		{metric: "app_in_flight", value: 2.5, ok: true},
		{metric: "app_requests_total", value: 42, ok: true},
		{metric: "vllm:num_requests_running", value: 3, ok: true},
		{metric: "app_absent"},
		{metric: "app_empty"},
		{metric: ""},
		{metric: "app_seconds", class: activities.InvalidInput},
		{metric: "app_size", class: activities.InvalidInput},
		{metric: "app_broken", class: activities.Unavailable},
		{metric: "app_endless", class: activities.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.metric, func(t *testing.T) {
			value, ok, err := New().Gauge(t.Context(), url, c.metric)
			if c.class != "" {
				requireClass(t, c.class, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.ok, ok)
			require.InDelta(t, c.value, value, 1e-9)
		})
	}
}

func TestGaugeUnavailable(t *testing.T) {
	endless := func(w http.ResponseWriter, _ *http.Request) {
		lines := strings.Repeat("up 1\n", 1<<14)
		for {
			if _, err := io.WriteString(w, lines); err != nil {
				return
			}
		}
	}
	cases := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"not found": {http.NotFound, "answers 404"},
		"garbage":   {text("<html>it works</html>"), "not the Prometheus text format"},
		"cut off":   {text("up 1\nup{a=\"b"), "not the Prometheus text format"},
		"reset":     {reset, "unexpected EOF"},
		"endless":   {endless, "answers more than 4194304 bytes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, ok, err := New().Gauge(t.Context(), serve(t, c.handler), "up")
			requireClass(t, activities.Unavailable, err)
			require.ErrorContains(t, err, c.want)
			require.False(t, ok)
		})
	}
}

func TestGaugeAtTheBound(t *testing.T) {
	body := "up 1\n"
	body += "#" + strings.Repeat(" ", maxBody-len(body)-2) + "\n"
	require.Len(t, body, maxBody)
	value, ok, err := New().Gauge(t.Context(), serve(t, text(body)), "up")
	require.NoError(t, err)
	require.True(t, ok)
	require.InDelta(t, 1, value, 0)
	_, _, err = New().Gauge(t.Context(), serve(t, text(body+"\n")), "up")
	requireClass(t, activities.Unavailable, err)
}
