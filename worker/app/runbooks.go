package app

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/templates"
)

// definitions are the runbooks of the installation, as they were when the worker started. They implement
// activities.Definitions.
type definitions struct {
	*templates.Set
}

// ReadRunbook reads one that is not installed.
func (d definitions) ReadRunbook(file string, text []byte) (runbook.Definition, error) {
	return templates.ReadRunbook(file, text, d.Set)
}

// faulty logs every definition that is not used because of a fault, and returns their gauge.
func faulty(set *templates.Set, logger *slog.Logger) prometheus.Collector {
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "evenkeel_definitions_disabled", Help: "Definitions that are not used because their file has a fault.",
	}, []string{"kind", "name"})
	for _, f := range set.Faulty() {
		logger.Error("a definition is disabled, because its file has a fault", "kind", f.Kind, "name", f.Name, "file", f.File, "reason", f.Reason)
		gauge.WithLabelValues(f.Kind, f.Name).Set(1)
	}
	return gauge
}

// openLedger opens the installation's ledger.
func openLedger(ctx context.Context, c *config.Config) (*ledger.Store, error) {
	dsn, err := c.LedgerDSN()
	if err != nil {
		return nil, err
	}
	dir, err := config.StateDir()
	if err != nil {
		return nil, err
	}
	return ledger.Open(ctx, ledger.Options{DSN: dsn, StateDir: dir})
}

// channels says where people are told.
func channels(c *config.Config) func(severity string) activities.Channels {
	return func(severity string) activities.Channels {
		return activities.Channels{Chat: c.Slack != nil, Pager: c.Paging.Pages(severity), Webhook: c.ChatWebhook != nil}
	}
}

// runbooks reads the installation's definitions for runs on every host.
func runbooks(c *config.Config, set *templates.Set, l activities.Ledger, o activities.Operations, p *activities.People) *activities.Runbooks {
	projects := map[string][]string{}
	for name, host := range c.Hosts {
		projects[name] = host.Names()
	}
	return &activities.Runbooks{Definitions: definitions{set}, Ledger: l, Operations: o, People: p, Projects: projects, Channels: channels(c)}
}
