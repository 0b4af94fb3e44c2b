package admin

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.ProductAPI = (*Client)(nil)

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, "%v", err)
}

func TestOrder(t *testing.T) {
	var seen []string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Authorization")+" "+string(body))
	})
	c := New(token)
	require.NoError(t, c.Order(t.Context(), url, map[string]string{"model": "a\"b", "state": "open"}))
	require.NoError(t, c.Order(t.Context(), url, nil))
	require.Equal(t, []string{
		`POST application/json Bearer ` + token + ` {"model":"a\"b","state":"open"}`,
		"POST  Bearer " + token + " ",
	}, seen)
	requireClass(t, activities.InvalidInput, c.Order(t.Context(), url, make(chan int)))
}

// Whether anything left this host decides whether a person has to look.
func TestSentOrNot(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	err := New(token).Order(t.Context(), closed.URL, nil)
	requireClass(t, activities.Unavailable, err)
	require.ErrorIs(t, err, activities.ErrNotSent)

	abort := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	err = New(token).Order(t.Context(), abort, nil)
	requireClass(t, activities.Unavailable, err)
	require.NotErrorIs(t, err, activities.ErrNotSent)

	end := make(chan struct{})
	hang := serve(t, func(http.ResponseWriter, *http.Request) { <-end })
	defer close(end)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err = New(token).Order(ctx, hang, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, activities.ErrNotSent)

	answered := New(token).Order(t.Context(), serve(t, http.NotFound), nil)
	requireClass(t, activities.NotFound, answered)
	require.NotErrorIs(t, answered, activities.ErrNotSent)
}

func TestModelHealth(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.RawQuery; got != "deep=1&model=a%26b" {
				t.Error(got)
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   activities.ModelHealth
		class  string
	}{
		"well":             {200, `{"models":{"a&b":{"healthy":true,"breaker":"closed"}}}`, activities.ModelHealth{Healthy: true, Breaker: "closed"}, ""},
		"unhealthy":        {503, `{"models":{"a&b":{"healthy":false,"breaker":"open","error":"s3cret"}}}`, activities.ModelHealth{Breaker: "open"}, ""},
		"not known":        {404, `{"error":"s3cret"}`, activities.ModelHealth{}, activities.NotFound},
		"not allowed":      {401, "", activities.ModelHealth{}, activities.PermissionDenied},
		"a proxy's answer": {503, "<html>s3cret", activities.ModelHealth{}, activities.Unavailable},
		"another error":    {500, `{"models":{"a&b":{"healthy":true,"breaker":"closed"}}}`, activities.ModelHealth{}, activities.Unavailable},
		"another model":    {200, `{"models":{"s3cret":{"healthy":true,"breaker":"closed"}}}`, activities.ModelHealth{}, activities.PreconditionFailed},
		"does not say":     {200, `{"models":{"a&b":{"breaker":"closed"}}}`, activities.ModelHealth{}, activities.PreconditionFailed},
		"another state":    {200, `{"models":{"a&b":{"healthy":true,"breaker":"s3cret"}}}`, activities.ModelHealth{}, activities.PreconditionFailed},
		"another type":     {200, `{"models":{"a&b":{"healthy":5,"breaker":"closed"}}}`, activities.ModelHealth{}, activities.PreconditionFailed},
		"cut off":          {200, `{"models":{"a&b"`, activities.ModelHealth{}, activities.PreconditionFailed},
		"nothing":          {204, "", activities.ModelHealth{}, activities.PreconditionFailed},
		"too much":         {200, `{"models":{"a&b":{"healthy":true,"breaker":"closed"}}}` + strings.Repeat(" ", maxBody), activities.ModelHealth{}, activities.PreconditionFailed},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(token).ModelHealth(t.Context(), serve(t, answer(c.status, c.body))+"/health?deep=1", "a&b")
			require.Equal(t, c.want, got)
			if c.class == "" {
				require.NoError(t, err)
				return
			}
			requireClass(t, c.class, err)
			require.NotContains(t, err.Error(), "s3cret")
			require.NotContains(t, err.Error(), token)
		})
	}
	_, err := New(token).ModelHealth(t.Context(), "http://[", "m")
	requireClass(t, activities.InvalidInput, err)
}

func TestStatistics(t *testing.T) {
	said := func(v any) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { require.NoError(t, json.NewEncoder(w).Encode(v)) })
	}
	type m map[string]any
	c := New("")
	stats, err := c.CacheStats(t.Context(), said(m{"bypass": true, "modes": m{"fast": m{"hits": 3, "misses": 1}, "creative": m{"misses": 4}}}))
	require.NoError(t, err)
	require.Equal(t, activities.CacheStats{Hits: 3, Misses: 5, Bypass: true}, stats)
	for _, bad := range []any{m{"modes": m{}}, m{"bypass": false}, m{"bypass": false, "modes": m{"fast": m{"hits": -1}}}, m{"bypass": "no", "modes": m{}}, []int{}, 7} {
		_, err = c.CacheStats(t.Context(), said(bad))
		requireClass(t, activities.PreconditionFailed, err)
	}

	active, err := c.Downshifts(t.Context(), said(m{"active": m{"creative": "fast"}, "downshifts": 3}))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"creative": "fast"}, active)
	active, err = c.Downshifts(t.Context(), said(m{"active": m{}}))
	require.NoError(t, err)
	require.Empty(t, active)
	for _, bad := range []any{m{}, m{"active": m{"creative": 1}}} {
		_, err = c.Downshifts(t.Context(), said(bad))
		requireClass(t, activities.PreconditionFailed, err)
	}
}
