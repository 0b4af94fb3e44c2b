package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

// atDoor is a server with one waiting run, and one with a name that could be taken for a query.
func atDoor(t *testing.T) *Server {
	t.Helper()
	s, c := start(t, t.TempDir())
	w := work(t, c)
	t.Cleanup(w.Stop)
	for _, id := range []string{"waiting", "a/query/b"} {
		_, err := c.ExecuteWorkflow(deadline(t), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, sleep, time.Hour)
		require.NoError(t, err)
	}
	return s
}

// call sends one request as a browser would, and returns status and text of the answer.
func (s *Server) call(t *testing.T, method, path, body string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.UIURL()+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = strings.ReplaceAll(host, "PORT", fmt.Sprint(s.addr.ui.Port))
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

const runsAPI = "/api/v1/namespaces/default/workflows"

func TestTheDoorLetsThroughWhatLooks(t *testing.T) {
	s := atDoor(t)
	for name, c := range map[string]struct {
		path, want string
		header     []string
	}{
		"start page":            {"/", `<div id="svelte">`, nil},
		"page of a run":         {"/namespaces/default/workflows/waiting", `<div id="svelte">`, nil},
		"link of another site":  {"/namespaces/default/workflows", `<div id="svelte">`, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}},
		"settings":              {"/api/v1/settings", `"DisableWriteActions":true`, nil},
		"news and new versions": {"/api/v1/releases", `{"Releases":{}}`, nil},
		"namespace":             {"/api/v1/namespaces/default", `"2592000s"`, nil},
		"list":                  {runsAPI + "?query=" + url.QueryEscape("WorkflowId='waiting'"), `"waiting"`, nil},
		"list for our page":     {runsAPI, `"executions"`, []string{"Sec-Fetch-Site", "same-origin"}},
		"localhost":             {runsAPI, `"executions"`, []string{"Host", "LocalHost:PORT"}},
		"IPv6":                  {runsAPI, `"executions"`, []string{"Host", "[::1]:PORT"}},
		"credentials":           {runsAPI, `"executions"`, []string{"Authorization", "Bearer x", "Authorization-Extras", "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			var status int
			var text string
			require.Eventually(t, func() bool { // a run is listed a moment after it was started
				status, text = s.call(t, http.MethodGet, c.path, "", c.header...)
				return strings.Contains(text, c.want)
			}, 10*time.Second, tick, "%d", status)
			require.Equal(t, http.StatusOK, status)
		})
	}
	t.Run("query", func(t *testing.T) {
		status, text := s.call(t, http.MethodPost, runsAPI+"/waiting/query/__temporal_workflow_metadata", `{"query":{"queryType":"__temporal_workflow_metadata"}}`)
		require.Equal(t, http.StatusOK, status, text)
		require.Contains(t, text, `"queryResult"`)
	})
}

func TestTheDoorRefusesForeignHostsAndPages(t *testing.T) {
	s := atDoor(t)
	for name, c := range map[string]struct {
		method, path, want string
		header             []string
	}{
		"another name, list":     {"GET", runsAPI, `not served as "evil.example:`, []string{"Host", "evil.example:PORT"}},
		"another name, page":     {"GET", "/", "see --ip and --ui-port", []string{"Host", "evil.example:PORT"}},
		"another name, update":   {"POST", runsAPI + "/waiting/update/approve", "not served as", []string{"Host", "evil.example:PORT", "Origin", "http://evil.example:PORT", "Sec-Fetch-Site", "same-origin"}},
		"another port":           {"GET", runsAPI, `not served as "127.0.0.1:1"`, []string{"Host", "127.0.0.1:1"}},
		"no port":                {"GET", runsAPI, `not served as "127.0.0.1"`, []string{"Host", "127.0.0.1"}},
		"address of another":     {"GET", runsAPI, "not served as", []string{"Host", "192.0.2.1:PORT"}},
		"name that ends rightly": {"GET", runsAPI, "not served as", []string{"Host", "evil.localhost:PORT"}},
		"list for another site":  {"GET", runsAPI, "page of another site", []string{"Sec-Fetch-Site", "cross-site"}},
		"list for another port":  {"GET", runsAPI, "page of another site", []string{"Sec-Fetch-Site", "same-site"}},
		"list, older browser":    {"GET", runsAPI, "page of another site", []string{"Origin", "http://127.0.0.1:1"}},
		"query, another site":    {"POST", runsAPI + "/waiting/query/x", "page of another site", []string{"Sec-Fetch-Site", "cross-site"}},
		"query, opaque page":     {"POST", runsAPI + "/waiting/query/x", "page of another site", []string{"Origin", "null"}},
		"update, another site":   {"POST", runsAPI + "/waiting/update/approve", "page of another site", []string{"Origin", "http://evil.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := s.call(t, c.method, c.path, "", c.header...)
			require.Equal(t, http.StatusForbidden, status, text)
			require.Contains(t, text, c.want)
			require.Equal(t, 1, strings.Count(text, "\n"), "one line: %s", text)
		})
	}
}

// An honest page of our own cannot write either, whatever the run is called and whatever the method is
// said to be.
func TestTheDoorRefusesEveryWrite(t *testing.T) {
	s := atDoor(t)
	own := []string{"Sec-Fetch-Site", "same-origin", "Content-Type", "application/json"}
	for _, c := range []struct{ method, path string }{
		{"POST", runsAPI + "/new"},
		{"POST", runsAPI + "/waiting/update/approve"},
		{"POST", runsAPI + "/waiting/signal/press"},
		{"POST", runsAPI + "/waiting/terminate"},
		{"POST", runsAPI + "/waiting/cancel"},
		{"POST", runsAPI + "/waiting/reset"},
		{"POST", runsAPI + "/a%2Fquery%2Fb/cancel"},
		{"POST", runsAPI + "/a/query/b/cancel"},
		{"POST", "/api/v1/namespaces/default/schedules/nightly"},
		{"POST", "/api/v1/namespaces/default/batch-operations/all"},
		{"POST", "/api/v1/namespaces/default/activities/ask"},
		{"POST", "/"},
		{"PUT", "/api/v1/namespaces/default/search-attributes"},
		{"PATCH", runsAPI + "/waiting"},
		{"DELETE", "/api/v1/namespaces/default/schedules/nightly"},
		{"BREW", "/"},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			status, text := s.call(t, c.method, c.path, "{}", own...)
			require.Equal(t, http.StatusMethodNotAllowed, status, text)
			require.Equal(t, "the Web UI is for looking; act with starter\n", text)
		})
	}
	t.Run("another method in a header", func(t *testing.T) {
		status, _ := s.call(t, http.MethodPost, runsAPI+"/waiting/query/x", "", "Content-Type", "application/x-www-form-urlencoded", "X-HTTP-Method-Override", "DELETE")
		require.NotEqual(t, http.StatusOK, status)
	})
}

func TestTheDoorBoundsSizes(t *testing.T) {
	s := atDoor(t)
	status, text := s.call(t, http.MethodPost, runsAPI+"/waiting/query/x", `{"query":{"queryType":"`+strings.Repeat("x", 5<<20)+`"}}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, text, "request body too large")
	status, _ = s.call(t, http.MethodGet, "/", "", "X-Long", strings.Repeat("x", 100<<10))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
}

// Connections that begin a request and never end it are closed; the page is served meanwhile.
func TestTheDoorClosesSlowConnections(t *testing.T) {
	s, _ := start(t, t.TempDir())
	closed := make(chan error)
	const slow = 300
	for range slow {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr.ui.dial())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+s.addr.ui.dial()+"\r\n")
		require.NoError(t, err)
		go func() {
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Second))
			_, err := io.Copy(io.Discard, conn)
			closed <- err
		}()
	}
	status, _ := s.call(t, http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, status)
	for range slow {
		require.NoError(t, <-closed, "still open after ten times what it may")
	}
}

// The door takes away what ui-server would hand on to the Temporal server.
func TestTheDoorTakesCredentialsAway(t *testing.T) {
	var seen http.Header
	door := newDoor(Address{IP: loopback, Port: 8233}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1:8233/", nil)
	for _, name := range []string{"Authorization", "Authorization-Extras", "X-HTTP-Method-Override", "Accept"} {
		request.Header.Set(name, "x")
	}
	door.ServeHTTP(httptest.NewRecorder(), request)
	require.Equal(t, http.Header{"Accept": {"x"}}, seen)
}

func TestNamesThatTheDoorKnows(t *testing.T) {
	for _, c := range []struct {
		ip   string
		port int
		host string
		want int
	}{
		{"127.0.0.1", 80, "127.0.0.1", 200},
		{"127.0.0.1", 80, "[::1]", 200},
		{"127.0.0.1", 80, "evil.example", 403},
		{"192.0.2.7", 8233, "192.0.2.7:8233", 200},
		{"192.0.2.7", 8233, "192.0.2.8:8233", 403},
		{"0.0.0.0", 8233, "192.0.2.8:8233", 200}, // whichever of the host's addresses
		{"::", 8233, "[2001:db8::1]:8233", 200},
		{"0.0.0.0", 8233, "evil.example:8233", 403},
		{"0.0.0.0", 8233, "", 403},
	} {
		door := newDoor(Address{IP: c.ip, Port: c.port}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
		request.Host = c.host
		answer := httptest.NewRecorder()
		door.ServeHTTP(answer, request)
		require.Equal(t, c.want, answer.Code, "%+v: %s", c, answer.Body)
	}
}
