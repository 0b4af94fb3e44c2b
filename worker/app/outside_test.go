package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/pager/pagerfake"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/templates"
)

// installation is one with those lines in its evenkeel.yaml, and files beside it.
func installation(t *testing.T, lines string, files map[string]string) *templates.Installation {
	t.Helper()
	dir := t.TempDir()
	files["evenkeel.yaml"] = "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {gpu-1: {projects: {shop: {directory: .}}}}\n" + lines
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	c, err := config.Load(filepath.Join(dir, "evenkeel.yaml"))
	require.NoError(t, err)
	in, err := templates.Install(c, "")
	require.NoError(t, err)
	return in
}

// What the configuration names is what is called.
func TestPagerOfTheConfiguration(t *testing.T) {
	fake := pagerfake.New(pagerfake.Options{RoutingKey: "key", Token: "token"})
	t.Cleanup(fake.Close)
	page := activities.Page{Severity: "Sev1", Summary: "s", Source: "gpu-1"}
	for key, lines := range map[string]string{
		"duty": fmt.Sprintf("paging: {pagerduty: {routing_key_file: key, url: %q}}\n", fake.URL()),
		"hook": "paging: {webhook: {url_file: url, token_file: token}}\n",
	} {
		page.DedupKey = key
		in := installation(t, lines, map[string]string{"key": "key\n", "url": fake.HookURL(), "token": "token"})
		require.NoError(t, pagerOf(in).Trigger(t.Context(), page))
	}
	require.Equal(t, map[string]pagerfake.State{"duty": pagerfake.Triggered, "hook": pagerfake.Triggered}, fake.Open())
	require.Nil(t, pagerOf(installation(t, "", map[string]string{})))
}

func TestChatWebhookOfTheConfiguration(t *testing.T) {
	var path string
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	t.Cleanup(chat.Close)
	in := installation(t, "chat_webhook: {kind: mattermost, url_file: url}\n", map[string]string{"url": chat.URL + "/hooks/1"})
	next, err := chatWebhookOf(in).Post(t.Context(), message.Message{Title: "x"}, 0)
	require.NoError(t, err)
	require.Equal(t, 1, next)
	require.Equal(t, "/hooks/1", path)
	require.Nil(t, chatWebhookOf(installation(t, "", map[string]string{})))
}
