package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// The lists are those of the file that is shipped.
func TestShippedRules(t *testing.T) {
	text, err := os.ReadFile("../../deploy/prometheus/alerts.rules.yaml")
	require.NoError(t, err)
	var alerts []string
	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		alerts = append(alerts, m[1])
	}
	slices.Sort(alerts)
	require.Equal(t, shippedAlerts, alerts)
	for _, name := range shippedMetrics {
		require.Regexp(t, `\b`+name+`\b`, string(text))
	}
	var read []string
	for _, m := range regexp.MustCompile(`\b([a-z]+(?:_[a-z]+)*)(?:\{[^}]*\}|\[[0-9a-z]+\]|\) ==| < )`).FindAllStringSubmatch(string(text), -1) {
		read = append(read, m[1])
	}
	slices.Sort(read)
	require.Subset(t, append(slices.Clone(shippedMetrics), "labels"), slices.Compact(read))
}

func TestWhatPrometheusKnows(t *testing.T) {
	names, rules := slices.Clone(shippedMetrics), slices.Clone(shippedAlerts)
	mux := http.NewServeMux()
	mux.HandleFunc("/prom/api/v1/label/__name__/values", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": names})
	})
	mux.HandleFunc("/prom/api/v1/rules", func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "alert", r.URL.Query().Get("type"))
		group := []map[string]string{}
		for _, name := range rules {
			group = append(group, map[string]string{"name": name})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"groups": []any{map[string]any{"rules": group}}}})
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	d := &doctor{config: &config.Config{Prometheus: config.Prometheus{URL: server.URL + "/prom/"}}}
	require.Equal(t, well("11 of 11 alerts"), d.rules(t.Context()))
	require.Equal(t, well("13 of 13 metrics"), d.metrics(t.Context()))
	names, rules = names[2:], rules[:10]
	require.Equal(t, "10 of 11 alerts; not VRAMHeadroomLow", d.rules(t.Context()).Detail)
	require.Equal(t, "11 of 13 metrics; not cache_hits_total, cache_misses_total", d.metrics(t.Context()).Detail)
	require.Equal(t, statusNote, d.metrics(t.Context()).Status)

	server.Close()
	require.Contains(t, d.rules(t.Context()).Detail, "does not say")
	require.Equal(t, notAsked("needs prometheus.url"), (&doctor{config: &config.Config{}}).rules(t.Context()))
	require.Equal(t, notAsked("needs the configuration"), (&doctor{configFault: errors.New("x")}).metrics(t.Context()))
}
