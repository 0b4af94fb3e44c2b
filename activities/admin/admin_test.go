package admin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Product = (*Client)(nil)

const token = "s3cret-t0ken"

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func TestCalls(t *testing.T) {
	var seen []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusAccepted)
	})
	c := New(token)
	require.NoError(t, c.Drain(t.Context(), url+"/admin/drain"))
	require.NoError(t, c.Resume(t.Context(), url+"/admin/drain"))
	require.NoError(t, New("").Drain(t.Context(), url+"/"))
	require.Equal(t, []string{"POST /admin/drain Bearer " + token, "DELETE /admin/drain Bearer " + token, "POST / "}, seen)
}

func TestAnswers(t *testing.T) {
	cases := []struct {
		status     int
		retryAfter string
		class      string
		wait       time.Duration
	}{
		{status: 302, class: activities.PreconditionFailed},
		{status: 400, class: activities.PreconditionFailed},
		{status: 401, class: activities.PermissionDenied},
		{status: 403, class: activities.PermissionDenied},
		{status: 404, class: activities.NotFound},
		{status: 405, class: activities.NotFound},
		{status: 409, class: activities.PreconditionFailed},
		{status: 429, class: activities.RateLimited},
		{status: 429, retryAfter: "7", class: activities.RateLimited, wait: 7 * time.Second},
		{status: 429, retryAfter: "-7", class: activities.RateLimited},
		{status: 429, retryAfter: "soon", class: activities.RateLimited},
		{status: 429, retryAfter: "9000000000000000000", class: activities.RateLimited, wait: time.Hour},
		{status: 429, retryAfter: "Mon, 02 Jan 2006 15:04:05 GMT", class: activities.RateLimited},
		{status: 429, retryAfter: "Fri, 02 Jan 2150 15:04:05 GMT", class: activities.RateLimited, wait: time.Hour},
		{status: 500, class: activities.Unavailable},
		{status: 503, class: activities.Unavailable},
	}
	for _, c := range cases {
		t.Run(http.StatusText(c.status)+c.retryAfter, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					t.Error("a redirect was followed")
				}
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", c.retryAfter)
				w.WriteHeader(c.status)
				io.WriteString(w, "you sent "+r.Header.Get("Authorization"))
			})
			err := New(token).Drain(t.Context(), url+"/drain")
			var e *activities.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.class, e.Class)
			require.Equal(t, c.wait, e.RetryAfter)
			require.ErrorContains(t, err, "/drain")
			require.NotContains(t, err.Error(), token)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	end := make(chan struct{})
	hang := serve(t, func(http.ResponseWriter, *http.Request) { <-end })
	defer close(end)
	abort := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	c := New(token)
	require.Equal(t, 10*time.Second, c.http.Timeout)
	c.http.Timeout = 100 * time.Millisecond
	broken := New(token + "\n" + token) // a header cannot carry it
	for name, err := range map[string]error{
		"hang": c.Drain(t.Context(), hang), "abort": c.Resume(t.Context(), abort), "token": broken.Drain(t.Context(), hang),
	} {
		var e *activities.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, activities.Unavailable, e.Class, name)
		require.NotContains(t, err.Error(), token, name)
	}

	var e *activities.Error
	require.ErrorAs(t, c.Drain(t.Context(), "/drain"), &e)
	require.Equal(t, activities.InvalidInput, e.Class)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Drain(ctx, hang), context.Canceled)
}

// The body is not read, so one without an end does no harm.
func TestEndlessAnswer(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	require.NoError(t, New(token).Drain(t.Context(), url))
}
