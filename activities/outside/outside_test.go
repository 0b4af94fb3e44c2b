package outside

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

const hush = "hush-4711"

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL + "/" + hush
}

func TestCalls(t *testing.T) {
	var seen []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, strings.Join([]string{r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(body)}, " "))
		w.WriteHeader(http.StatusAccepted)
	})
	c := New(time.Minute)
	for _, call := range []Call{{Method: http.MethodPost, URL: url + "?sig=1", Token: "t", JSON: []byte("{}")}, {Method: http.MethodGet, URL: url}} {
		status, err := c.Do(t.Context(), call)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, status)
	}
	require.Equal(t, []string{"POST /" + hush + "?sig=1 application/json Bearer t {}", "GET /" + hush + "   "}, seen)
}

// Whatever a service answers, the error has its class, and neither the address nor a word of the answer.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		class      string
		wait       time.Duration
	}{
		{status: 301, class: activities.PreconditionFailed},
		{status: 307, class: activities.PreconditionFailed},
		{status: 400, class: activities.InvalidInput},
		{status: 401, class: activities.PermissionDenied},
		{status: 403, class: activities.PermissionDenied},
		{status: 404, class: activities.NotFound},
		{status: 408, class: activities.Unavailable},
		{status: 410, class: activities.PreconditionFailed},
		{status: 413, class: activities.InvalidInput},
		{status: 422, class: activities.InvalidInput},
		{status: 429, class: activities.RateLimited, wait: time.Minute},
		{status: 429, retryAfter: "7", class: activities.RateLimited, wait: 7 * time.Second},
		{status: 429, retryAfter: "soon", class: activities.RateLimited, wait: time.Minute},
		{status: 429, retryAfter: "999999", class: activities.RateLimited, wait: time.Hour},
		{status: 500, class: activities.Unavailable},
		{status: 503, class: activities.Unavailable},
	} {
		t.Run(http.StatusText(c.status)+c.retryAfter, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					t.Error("a redirect was followed")
				}
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", c.retryAfter)
				w.WriteHeader(c.status)
				io.WriteString(w, "you sent "+r.Header.Get("Authorization")+" to "+r.URL.String())
			})
			_, err := New(time.Minute).Do(t.Context(), Call{Method: http.MethodPost, URL: url, Token: hush, JSON: []byte(hush)})
			e, ok := errors.AsType[*activities.Error](err)
			require.True(t, ok)
			require.Equal(t, c.class, e.Class)
			require.Equal(t, c.wait, e.RetryAfter)
			require.NotContains(t, err.Error(), hush)
			require.NotErrorIs(t, err, activities.ErrNotSent)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	hang := serve(t, func(http.ResponseWriter, *http.Request) { <-end })
	abort := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	foreign := httptest.NewTLSServer(nil)
	t.Cleanup(foreign.Close)
	large := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 2*maxHeaders)) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String() + "/" + hush
	require.NoError(t, listener.Close())
	for name, c := range map[string]struct {
		url     string
		notSent bool
		says    string
	}{
		"hangs":               {hang, false, "Client.Timeout"},
		"aborts":              {abort, false, "the connection failed"},
		"too large":           {large, false, "the connection failed"},
		"nobody listens":      {closed, true, "connection refused"},
		"another certificate": {foreign.URL + "/" + hush, true, "its certificate is not trusted"},
		"no such host":        {"https://" + hush + ".invalid/" + hush, true, "the name of its host is not found"},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := 30 * time.Second
			if name == "hangs" {
				timeout = 200 * time.Millisecond
			}
			_, err := New(timeout).Do(t.Context(), Call{Method: http.MethodPost, URL: c.url, Token: hush, JSON: []byte(hush)})
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), hush)
			require.Equal(t, activities.Unavailable, activities.ClassOf(err))
			require.Equal(t, c.notSent, errors.Is(err, activities.ErrNotSent))
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = New(time.Minute).Do(ctx, Call{Method: http.MethodGet, URL: hang})
	require.ErrorIs(t, err, context.Canceled)
}

// A secret does not travel in clear text, and a call that cannot be made is not.
func TestNotCalled(t *testing.T) {
	for url, says := range map[string]string{
		"http://hooks.example/" + hush:     "by https only",
		"/" + hush:                         "the address is none",
		"https://hooks.example/\n" + hush:  "the address is none",
		"gopher://hooks.example/x/" + hush: "by https only",
	} {
		_, err := New(time.Minute).Do(t.Context(), Call{Method: http.MethodPost, URL: url})
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), hush)
		require.Equal(t, activities.InvalidInput, activities.ClassOf(err))
		require.ErrorIs(t, err, activities.ErrNotSent)
	}
	_, err := New(time.Minute).Do(t.Context(), Call{Method: http.MethodPost, URL: "https://127.0.0.1:1/", Token: hush + "\n"})
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	require.NotContains(t, err.Error(), hush, "a header cannot carry it")
}

// The body of an answer is not read, so one without an end does no harm.
func TestEndlessAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	_, err := New(time.Minute).Do(t.Context(), Call{Method: http.MethodGet, URL: url})
	require.NoError(t, err)
}
