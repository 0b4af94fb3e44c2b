package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// outsideFindings are the findings about a configuration with those lines, beside a file "good" with an address, a file
// "key", and a file "open" that everybody may read.
func outsideFindings(t *testing.T, lines string) (dir string, findings map[string]finding) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"evenkeel.yaml": "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {gpu-1: {projects: {shop: {directory: .}}}}\n" + lines,
		"good":          "https://hooks.example/hush", "key": "hush", "open": "https://hooks.example/hush",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "open"), 0o644))
	d := &doctor{}
	d.config, d.configFault = config.Load(filepath.Join(dir, "evenkeel.yaml"))
	findings = map[string]finding{}
	for _, c := range d.outside() {
		findings[c.name] = c.run(t.Context())
	}
	return dir, findings
}

func TestDoctorOutside(t *testing.T) {
	_, none := outsideFindings(t, "")
	require.Equal(t, map[string]finding{
		"paging":    noted("none is configured, so nobody is woken up", "to have somebody woken up, set paging"),
		"heartbeat": noted("none is configured, so nobody outside notices when this host is down", "to have it noticed, set heartbeat"),
	}, none)

	_, good := outsideFindings(t, "paging: {webhook: {url_file: good}}\nchat_webhook: {kind: teams, url_file: good}\nheartbeat: {url_file: good}\n")
	require.Equal(t, map[string]finding{"paging": well("a webhook, for Sev1, Sev2"), "heartbeat": well("every 1m"), "chat webhook": well("teams")}, good)
	_, duty := outsideFindings(t, "paging: {pagerduty: {routing_key_file: key}, severities: [Sev1]}\n")
	require.Equal(t, well("https://events.pagerduty.com, for Sev1"), duty["paging"])

	dir, bad := outsideFindings(t, "paging: {pagerduty: {routing_key_file: gone}}\nchat_webhook: {kind: teams, url_file: key}\nheartbeat: {url_file: open}\n")
	file := filepath.Join(dir, "evenkeel.yaml")
	require.Equal(t, map[string]finding{
		"paging":       lacking(file+":4:40: paging.pagerduty.routing_key_file: open "+dir+"/gone: no such file or directory", "write the secret into it as one line"),
		"heartbeat":    lacking(file+":6:23: heartbeat.url_file: "+dir+"/open is open to others (mode 0644)", "take that away with chmod g-w,o= "+dir+"/open"),
		"chat webhook": lacking(file+":5:39: chat_webhook.url_file: the text of "+dir+"/key is not an address", "write https://HOST/PATH"),
	}, bad)

	_, broken := outsideFindings(t, "paging: 5\n")
	require.Equal(t, map[string]finding{"paging": notAsked("needs the configuration"), "heartbeat": notAsked("needs the configuration")}, broken)
}
