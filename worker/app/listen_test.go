package app

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/templates"
)

// configured is an installation with this ingress.
func configured(t *testing.T, ingress string) (*config.Config, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "evenkeel.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("0123456789abcdef\n"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {gpu-1: {projects: {shop: {directory: .}}}}\ngroups: {oncall: [a@b], sre: [a@b]}\n"+ingress), 0o600))
	c, err := config.Load(file)
	require.NoError(t, err)
	return c, file
}

// From evenkeel.yaml to the start of a built-in runbook: what an Alertmanager tells comes in, is logged and is counted.
func TestOutside(t *testing.T) {
	c, _ := configured(t, "ingress: {listen: '127.0.0.1:1', alertmanager: {token_file: secret}, hooks: {ci: {secret_file: secret, runbook: llm_failure_response, inputs: {model: m, service: s}}}}\n")
	c.Ingress.Listen = "127.0.0.1:0" // which a file may not say
	in, err := templates.Install(c, "")
	require.NoError(t, err)
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "host.key"))
	require.NoError(t, err)
	temporal, registry, log := &answering{}, prometheus.NewRegistry(), &bytes.Buffer{}
	o, err := newOutside(in, temporal, &proof{cluster: "here", key: key}, slog.New(slog.NewTextHandler(log, nil)), registry, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.serve(ctx) }()
	post := func(token string) int {
		body := `{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "ModelUnhealthy", "model": "llama3_8b", "service": "model-llama"}, "startsAt": "2026-11-27T11:58:00Z", "fingerprint": "00c0ffee00c0ffee"}]}`
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+o.listener.Addr().String()+"/hooks/alertmanager", strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, 401, post("0123456789abcdeg"))
	require.Equal(t, 200, post("0123456789abcdef"))
	require.Equal(t, "runbook/gpu-1/shop/llm_failure_response/llama3_8b", temporal.options.ID)
	http.DefaultClient.CloseIdleConnections()
	cancel()
	require.NoError(t, <-done)
	require.Contains(t, log.String(), "result=started alert=ModelUnhealthy fingerprint=00c0ffee00c0ffee runbook=llm_failure_response workflow_id=runbook/gpu-1/shop/llm_failure_response/llama3_8b")
	require.NotContains(t, log.String(), "unauthorized")
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	require.Len(t, families[0].GetMetric(), 24, "two senders, twelve results")

	off, _ := configured(t, "")
	in, err = templates.Install(off, "")
	require.NoError(t, err)
	o, err = newOutside(in, temporal, nil, nil, nil, nil)
	require.NoError(t, err)
	require.Nil(t, o)
	require.NoError(t, o.serve(t.Context()))
}

// What a hook needs is looked at when the worker starts, and told at its place.
func TestHooksThatDoNotFit(t *testing.T) {
	for hook, want := range map[string]string{
		"runbook: llm_failure":                                 `ingress.hooks.ci.runbook: no runbook is named "llm_failure"; write one of `,
		"runbook: llm_failure_response":                        "ingress.hooks.ci.inputs: gives no value to the input model, which has no default; write inputs: {model: PATH}",
		"runbook: cache_service_failure, inputs: {servise: a}": `ingress.hooks.ci.inputs.servise: the runbook cache_service_failure has no input "servise"; did you mean "service"?`,
		"runbook: cache_service_failure":                       "",
	} {
		c, file := configured(t, "ingress:\n  hooks: {ci: {secret_file: secret, "+hook+"}}\n")
		_, err := templates.Install(c, "")
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), file+":6:"), err.Error())
	}
}

// Every alert that ships says what to do, and names a runbook that it starts or a page that is there.
func TestShippedAlerts(t *testing.T) {
	text, err := os.ReadFile("../../deploy/prometheus/alerts.rules.yaml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &rules))
	set, err := templates.Load("", nil)
	require.NoError(t, err)
	started := map[string]string{}
	for _, d := range set.Runbooks() {
		for _, trigger := range d.Triggers.Alerts {
			started[trigger.Match["alertname"]] = d.Name
		}
	}
	page, err := os.ReadFile("../../docs/alerts.md")
	require.NoError(t, err)
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.NotEmpty(t, r.Annotations["action"], r.Alert)
			if name, ok := started[r.Alert]; ok {
				require.Equal(t, name, r.Annotations["runbook"], r.Alert)
				delete(started, r.Alert)
				continue
			}
			require.Equal(t, "docs/alerts.md#"+strings.ToLower(r.Alert), r.Annotations["runbook"])
			require.Contains(t, string(page), "\n## "+r.Alert+"\n")
		}
	}
	require.Empty(t, started, "alerts that runbooks wait for and nothing raises")
}
