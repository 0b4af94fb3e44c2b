package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// fakeEngine answers with recorded texts by path; DOCKER_HOST names it until the test ends.
func fakeEngine(t *testing.T, answers map[string]string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
}
