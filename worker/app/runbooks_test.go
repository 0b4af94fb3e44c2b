package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/templates"
)

// A definition with a fault is logged and counted; a start of it is refused with the reason, and the services of a
// policy with a fault have none. Everything else works.
func TestFaultyDefinitions(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"cache.yaml": "kind: Runbook\nmetadata: {name: cache_service_failure, owner: me, severity: Sev4}\nsteps: []\n",
		"app.yaml":   "kind: ScalingPolicy\nmetadata: {name: app}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("apiVersion: evenkeel/v1\n"+text), 0o600))
	}
	set, err := templates.Open(&config.Config{TemplatesDir: dir})
	require.NoError(t, err)
	var log bytes.Buffer
	gauge := faulty(set, slog.New(slog.NewTextHandler(&log, nil)))
	registry := prometheus.NewRegistry()
	registry.MustRegister(gauge)
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	require.Equal(t, "evenkeel_definitions_disabled", families[0].GetName())
	var disabled []string
	for _, m := range families[0].GetMetric() {
		disabled = append(disabled, m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue())
		require.InDelta(t, 1, m.GetGauge().GetValue(), 0)
	}
	require.ElementsMatch(t, []string{"Runbook cache_service_failure", "ScalingPolicy app"}, disabled)
	require.Equal(t, 2, strings.Count(log.String(), "level=ERROR"))
	require.Contains(t, log.String(), `name=cache_service_failure`)

	policies, faults, _ := services(set, config.Project{Services: map[string]config.Service{"app": {}, "other": {Policy: "app"}, "web": {}}})
	require.Len(t, policies, 1)
	require.Equal(t, "default", policies["web"].Name)
	require.Contains(t, faults["app"], "ScalingPolicy app is disabled: ")
	require.Equal(t, faults["app"], faults["other"])

	shelf := definitions{set}
	_, ok := shelf.Runbook("cache_service_failure")
	require.False(t, ok)
	require.Contains(t, shelf.RunbookFault("cache_service_failure"), "Runbook cache_service_failure is disabled: "+dir)
}
