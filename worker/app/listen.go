package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

// listened is where alerts and hooks come in.
type listened struct {
	listener net.Listener
	handler  http.Handler
}

// newOutside claims the address of ingress.listen; nil where nothing comes in on this host.
func newOutside(in *templates.Installation, temporal starter, proven *proof, logger *slog.Logger, registry *prometheus.Registry, slack *ingress.SlackHTTP) (*listened, error) {
	if in.Ingress == nil {
		return nil, nil //nolint:nilnil // it is off
	}
	c := in.Config
	listener, err := net.Listen("tcp", c.Ingress.Listen)
	if err != nil {
		return nil, c.Fault("ingress.listen", "%v; stop what listens there or write another address", err)
	}
	came := newCame(c, logger)
	registry.MustRegister(came.counter)
	starts := starts{temporal: temporal, proven: proven, host: in.Host}
	projects := projectNames(c)
	handlers := ingress.Outside{Listen: c.Ingress.Listen, Hooks: map[string]http.Handler{}, Slack: slack}
	if a := c.Ingress.Alertmanager; a != nil {
		handlers.Alertmanager = ingress.Alertmanager{
			Token:  in.Ingress.Token,
			Rules:  alert.Rules{Runbooks: in.Definitions.Runbooks(), Projects: projects, HostLabel: a.HostLabel, ProjectLabel: a.ProjectLabel},
			Alerts: starts, Seen: came.seen, Now: time.Now,
		}.Handler()
	}
	for name, hook := range c.Ingress.Hooks {
		d, usable := in.Definitions.Runbook(hook.Runbook)
		handlers.Hooks[name] = ingress.Hook{
			Hook:     alert.Hook{Name: name, Runbook: d, Projects: projects, Host: hook.Host, Project: hook.Project, Inputs: hook.Inputs},
			Unusable: unusable(in.Definitions, hook.Runbook, usable), Secret: in.Ingress.Hooks[name],
			Alerts: starts, Seen: came.seen, Now: time.Now,
		}.Handler()
	}
	logger.Info("alerts, hooks and what Slack sends come in", "address", listener.Addr().String())
	return &listened{listener, handlers.Handler(listener.Addr())}, nil
}

// unusable says why a runbook is not used; empty when it is.
func unusable(set *templates.Set, name string, usable bool) string {
	if usable {
		return ""
	}
	if fault := set.RunbookFault(name); fault != "" {
		return fault
	}
	return fmt.Sprintf("the runbook %s is disabled", name)
}

func (o *listened) serve(ctx context.Context) error {
	if o == nil {
		return nil
	}
	return ingress.ServeOutside(ctx, o.listener, o.handler)
}

// came tells logs and metrics what came in.
type came struct {
	logger  *slog.Logger
	counter *prometheus.CounterVec
}

func newCame(c *config.Config, logger *slog.Logger) came {
	all := came{logger, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "evenkeel_ingress_total", Help: "What became of each alert and runbook, and of each delivery of a hook.",
	}, []string{"hook", "result"})}
	names := []string{string(identity.Alertmanager)}
	for name := range c.Ingress.Hooks {
		names = append(names, name)
	}
	for _, name := range names {
		for _, result := range alert.Results() { // a rate needs a 0 before the 1
			all.counter.WithLabelValues(name, string(result))
		}
	}
	return all
}

// seen counts everything, and logs what a person may want to know. What is not authorized could fill the log.
func (c came) seen(hook string, d alert.Decision) {
	c.counter.WithLabelValues(hook, string(d.Result)).Inc()
	level := slog.LevelInfo
	switch d.Result {
	case alert.Refused, alert.Overlong, alert.IsResolved, alert.NoMatch:
		level = slog.LevelDebug
	case alert.BadLabels, alert.Unavailable, alert.TooMany, alert.Malformed, alert.Truncated:
		level = slog.LevelWarn
	case alert.Started, alert.Joined, alert.Replayed:
	}
	run := ""
	if d.Start != nil {
		run = d.Start.ID
	}
	c.logger.Log(context.Background(), level, "came in", "hook", hook, "result", string(d.Result), "alert", d.Alert, "fingerprint", d.Fingerprint,
		"runbook", d.Runbook, "workflow_id", run, "reason", d.Reason)
}
