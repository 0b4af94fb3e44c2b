package dockerd

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// engineWith is an engine whose answer to a restart is restart.
func engineWith(t *testing.T, restart http.HandlerFunc) *Engine {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			w.Header().Set("Api-Version", "1.44")
		case strings.HasSuffix(r.URL.Path, "/json"):
			io.WriteString(w, `{"Id":"c1","Name":"/web-1"}`)
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/containers/c1/restart"):
			restart(w, r)
		default:
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
	}))
	t.Cleanup(s.Close)
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+s.Listener.Addr().String()), client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	return &Engine{api: c}
}

func TestRestartSaysWhetherItMayHaveHappened(t *testing.T) {
	answer := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			io.WriteString(w, `{"message":"`+text+`"}`)
		}
	}
	for name, c := range map[string]struct {
		restart http.HandlerFunc
		class   string
	}{
		"done":                    {answer(204, ""), ""},
		"gone":                    {answer(404, "No such container: c1"), activities.NotFound},
		"being removed":           {answer(409, "is marked for removal"), activities.Conflict},
		"port":                    {answer(500, "port is already allocated"), activities.PreconditionFailed},
		"the engine's fault":      {answer(500, "it is broken"), activities.PreconditionFailed},
		"the engine goes down":    {answer(503, "shutting down"), activities.PreconditionFailed},
		"the connection is lost":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, activities.Unknown},
		"no answer within a time": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, activities.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err := engineWith(t, c.restart).Restart(ctx, "c1", 0)
			require.Equal(t, c.class, classOf(err), "%v", err)
			require.NotErrorIs(t, err, activities.ErrNotSent)
		})
	}
}

func TestRestartGrace(t *testing.T) {
	for grace, want := range map[time.Duration]string{0: "", time.Second: "t=1", 1500 * time.Millisecond: "t=2"} {
		asked := ""
		e := engineWith(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.RawQuery
			w.WriteHeader(http.StatusNoContent)
		})
		require.NoError(t, e.Restart(t.Context(), "c1", grace))
		require.Equal(t, want, asked)
	}
}

// An engine that goes away between the look and the restart was never told.
func TestRestartThatNeverLeft(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, `{"Id":"c1"}`)
		if strings.HasSuffix(r.URL.Path, "/json") {
			listener.Close()
		}
	})}
	go s.Serve(listener)
	defer s.Close()
	c, err := client.NewClientWithOpts(client.WithHost("tcp://"+listener.Addr().String()), client.WithVersion("1.44"))
	require.NoError(t, err)
	err = (&Engine{api: c}).Restart(t.Context(), "c1", 0)
	require.ErrorIs(t, err, activities.ErrNotSent)
	require.Equal(t, activities.Unavailable, classOf(err))
}
