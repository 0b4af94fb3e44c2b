package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// shippedAlerts are the alerts of deploy/prometheus/alerts.rules.yaml, which start the built-in runbooks.
var shippedAlerts = []string{
	"CacheDown", "DatabaseDown", "DiskPressure", "HighErrorRate", "HighLatencyBalanced", "HighLatencyCreative", "HighLatencyFast", "LLMQueueBuildup",
	"ModelUnhealthy", "ServiceDown", "VRAMHeadroomLow",
}

// shippedMetrics are the metrics that those alerts read.
var shippedMetrics = []string{
	"cache_hits_total", "cache_misses_total", "db_pool_connections", "evenkeel_gpu_memory_free_ratio", "http_request_duration_seconds_bucket", "http_requests_total",
	"model_loaded", "node_filesystem_avail_bytes", "node_filesystem_size_bytes", "pg_up", "queue_length", "redis_up", "up",
}

// rules says which of our alerts Prometheus has.
func (d *doctor) rules(ctx context.Context) finding {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name string }
			}
		}
	}
	if found, ok := d.askPrometheus(ctx, "/api/v1/rules?type=alert", &answer); !ok {
		return found
	}
	var there []string
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			there = append(there, r.Name)
		}
	}
	return known("alert", shippedAlerts, there, "without their rules these start no runbook: load deploy/prometheus/alerts.rules.yaml, or rules of these names")
}

// metrics says which of the metrics that our alerts read Prometheus has.
func (d *doctor) metrics(ctx context.Context) finding {
	var answer struct{ Data []string }
	if found, ok := d.askPrometheus(ctx, "/api/v1/label/__name__/values", &answer); !ok {
		return found
	}
	return known("metric", shippedMetrics, answer.Data, "an alert that reads one never fires: scrape it, or leave the alert out")
}

// askPrometheus reads what Prometheus says; false where it does not, with why.
func (d *doctor) askPrometheus(ctx context.Context, path string, into any) (finding, bool) {
	if d.configFault != nil {
		return notAsked("needs the configuration"), false
	}
	address := strings.TrimRight(d.config.Prometheus.URL, "/")
	if address == "" {
		return notAsked("needs prometheus.url"), false
	}
	if err := getJSON(ctx, http.DefaultClient, address+path, into); err != nil {
		return noted(fmt.Sprintf("%s does not say: %s", address, reason(err)), "see the line of Prometheus"), false
	}
	return finding{}, true
}

// known says which of some names are among those that are there.
func known(thing string, wanted, there []string, todo string) finding {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(there, name) })
	has := fmt.Sprintf("%d of %s", len(wanted)-len(missing), counted(len(wanted), thing))
	if len(missing) == 0 {
		return well(has)
	}
	return noted(has+"; not "+strings.Join(missing, ", "), todo)
}
