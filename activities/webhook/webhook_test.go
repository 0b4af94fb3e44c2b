package webhook

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/message"
)

var _ activities.ChatWebhook = (*Webhook)(nil)

const hush = "hush-4711"

// long is a message of several parts for every target but Teams.
var long = message.Message{Title: "Approve", Sections: []message.Section{{Lines: strings.Split(strings.Repeat("0123456789 zebra\n", 400), "\n")}}}

// serve answers the calls with those statuses in turn, then with 204, and keeps what was posted.
func serve(t *testing.T, statuses ...int) (url string, posted *[]string) {
	t.Helper()
	posted = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		status := http.StatusNoContent
		if len(statuses) > 0 {
			status, statuses = statuses[0], statuses[1:]
		}
		if status < 300 && r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" {
			*posted = append(*posted, string(body))
		}
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(status)
		w.Write(append([]byte(r.URL.String()), body...))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/" + hush + "?sig=" + hush, posted
}

func TestPost(t *testing.T) {
	for _, target := range []message.Target{message.Mattermost, message.Discord, message.Teams} {
		url, posted := serve(t, http.StatusOK)
		next, err := New(target, url).Post(t.Context(), long, 0)
		require.NoError(t, err)
		var want []string
		for _, body := range long.Webhook(target) {
			want = append(want, string(body))
		}
		require.Equal(t, want, *posted, "in their order")
		require.Equal(t, len(want), next)
	}
}

// Another attempt goes on where the first one ended, and posts nothing twice that was posted.
func TestPostGoesOn(t *testing.T) {
	url, posted := serve(t, http.StatusNoContent, http.StatusTooManyRequests)
	w := New(message.Discord, url)
	next, err := w.Post(t.Context(), long, 0)
	require.Equal(t, 1, next)
	e, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok)
	require.Equal(t, activities.RateLimited, e.Class)
	require.Equal(t, 3*time.Second, e.RetryAfter)
	next, err = w.Post(t.Context(), long, next)
	require.NoError(t, err)
	require.Len(t, *posted, next)
	require.Greater(t, next, 2)
	next, err = w.Post(t.Context(), long, next)
	require.NoError(t, err)
	require.Len(t, *posted, next, "nothing was left")
}

func TestRefusals(t *testing.T) {
	for status, class := range map[int]string{
		302: activities.PreconditionFailed, 400: activities.InvalidInput, 401: activities.PermissionDenied, 403: activities.PermissionDenied,
		404: activities.NotFound, 429: activities.RateLimited, 500: activities.Unavailable, 502: activities.Unavailable,
	} {
		url, posted := serve(t, status)
		next, err := New(message.Teams, url).Post(t.Context(), long, 0)
		require.Equal(t, class, activities.ClassOf(err), status)
		require.ErrorContains(t, err, "the webhook of teams: the service answers ")
		require.NotContains(t, err.Error(), hush)
		require.NotContains(t, err.Error(), "zebra")
		require.Zero(t, next)
		require.Empty(t, *posted)
	}
}

// What never left this host is certainly not posted; what was cut off may be.
func TestSentOrNot(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err := New(message.Mattermost, closed.URL+"/"+hush).Post(t.Context(), long, 0)
	require.ErrorIs(t, err, activities.ErrNotSent)
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	_, err = New(message.Mattermost, "http://chat.example/"+hush).Post(t.Context(), long, 0)
	require.ErrorContains(t, err, "by https only")
	_, err = New(message.Mattermost, closed.URL).Post(t.Context(), long, -1)
	require.Equal(t, activities.InvalidInput, activities.ClassOf(err))

	abort := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(abort.Close)
	_, err = New(message.Mattermost, abort.URL+"/"+hush).Post(t.Context(), long, 0)
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	require.NotErrorIs(t, err, activities.ErrNotSent)
	require.NotContains(t, err.Error(), hush)
}
