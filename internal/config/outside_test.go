package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

const allOutside = `paging: {webhook: {url_file: page, token_file: token}}
chat_webhook: {kind: teams, url_file: chat}
heartbeat: {url_file: beat}
`

func TestOutsideDefaults(t *testing.T) {
	c, err := parse("f", "/etc/f", []byte(least+allOutside))
	require.NoError(t, err)
	require.Equal(t, &Paging{Webhook: &PagingWebhook{URLFile: "/etc/page", TokenFile: "/etc/token"}, Severities: []string{"Sev1", "Sev2"}}, c.Paging)
	require.Equal(t, &Heartbeat{URLFile: "/etc/beat", Interval: strictyaml.Duration(time.Minute)}, c.Heartbeat)
	require.True(t, c.Paging.Pages("Sev2"))
	require.False(t, c.Paging.Pages("Sev3"))

	c, err = parse("f", "/etc/f", []byte(least+"paging: {pagerduty: {routing_key_file: key}}"))
	require.NoError(t, err)
	require.Equal(t, &PagerDuty{RoutingKeyFile: "/etc/key", URL: "https://events.pagerduty.com"}, c.Paging.PagerDuty)

	c, err = parse("f", "/etc/f", []byte(least+"paging: {pagerduty: {routing_key_file: key, url: \"http://127.0.0.1:80\"}}"))
	require.NoError(t, err, "a stand-in on this machine needs no encryption")
	require.Equal(t, "http://127.0.0.1:80", c.Paging.PagerDuty.URL)

	c, err = parse("f", "/etc/f", []byte(least))
	require.NoError(t, err)
	require.False(t, c.Paging.Pages("Sev1"), "without paging nobody is woken up")
	none, err := c.Outside()
	require.NoError(t, err)
	require.Equal(t, Outside{}, none)
}

// secretsIn writes the files of secrets and returns the configuration that names them.
func secretsIn(t *testing.T, text string, files map[string]string) *Config {
	t.Helper()
	dir := t.TempDir()
	for name, secret := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o640))
	}
	c, err := parse("f", filepath.Join(dir, "f"), []byte(least+text))
	require.NoError(t, err)
	return c
}

func TestOutside(t *testing.T) {
	files := map[string]string{
		"key": "0123\n", "page": "https://pager.example/hush?x=1\n", "token": " hush\n", "chat": "https://chat.example/hush", "beat": "http://127.0.0.1:1/hush",
	}
	got, err := secretsIn(t, allOutside, files).Outside()
	require.NoError(t, err)
	require.Equal(t, Outside{PagingURL: "https://pager.example/hush?x=1", PagingToken: "hush", ChatWebhookURL: files["chat"], HeartbeatURL: files["beat"]}, got)

	got, err = secretsIn(t, "paging: {pagerduty: {routing_key_file: key}}\n", files).Outside()
	require.NoError(t, err)
	require.Equal(t, Outside{RoutingKey: "0123"}, got)
}

// A fault of a file is told at the place of its field, and repeats nothing of the secret.
func TestOutsideFaults(t *testing.T) {
	const chat, beat = "f:5:39: chat_webhook.url_file: ", "f:6:23: heartbeat.url_file: "
	for _, c := range []struct {
		file, secret string
		mode         os.FileMode
		want         string
	}{
		{"page", "hush", 0o600, "f:4:30: paging.webhook.url_file: the text of DIR/page is not an address; write https://HOST/PATH"},
		{"token", "hush\nhush", 0o600, "f:4:48: paging.webhook.token_file: DIR/token is not one line of text; write the secret into it as one line"},
		{"chat", "http://chat.example/hush", 0o600, chat + "the text of DIR/chat is not encrypted, and whoever is on the way could read the secret; write https://, or http:// for a service on this machine"},
		{"chat", "https://me:hush@chat.example", 0o600, chat + "the text of DIR/chat holds a user or password, which is not sent; remove it"},
		{"beat", " \n", 0o600, beat + "DIR/beat is empty; write the secret into it as one line"},
		{"beat", "https://beat.example/hush", 0o644, beat + "DIR/beat is open to others (mode 0644); take that away with chmod g-w,o= DIR/beat"},
		{"beat", "https://beat.example/hush", 0o602, beat + "DIR/beat is open to others (mode 0602); take that away with chmod g-w,o= DIR/beat"},
		{"beat", strings.Repeat("hush", 1<<14) + "h", 0o600, beat + "DIR/beat is larger than 64 KiB; write the secret into it as one line"},
		{"beat", "", os.ModeDir | 0o755, beat + "DIR/beat is a folder, not a file; write the secret into it as one line"},
		{"beat", "", os.ModeIrregular, beat + "open DIR/beat: no such file or directory; write the secret into it as one line"},
	} {
		t.Run(c.want, func(t *testing.T) {
			config := secretsIn(t, allOutside, map[string]string{"page": "https://a.example/", "token": "t", "chat": "https://a.example/", "beat": "https://a.example/"})
			path := filepath.Join(filepath.Dir(config.Path), c.file)
			require.NoError(t, os.Remove(path))
			if c.mode.IsDir() {
				require.NoError(t, os.Mkdir(path, c.mode.Perm()))
			} else if c.mode.IsRegular() {
				require.NoError(t, os.WriteFile(path, []byte(c.secret), c.mode))
				require.NoError(t, os.Chmod(path, c.mode)) // whatever the umask is
			}
			got, err := config.Outside()
			require.Error(t, err)
			require.Equal(t, c.want, strings.ReplaceAll(err.Error(), filepath.Dir(path), "DIR"))
			require.NotContains(t, err.Error(), "hush")
			require.Equal(t, Outside{}, got)
		})
	}
}
