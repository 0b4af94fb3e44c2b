package app

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/worker/ingress"
)

// pressesSeen counts what comes in, and logs what a person may want to know. What is not signed could fill the log.
func pressesSeen(logger *slog.Logger, registry *prometheus.Registry) func(string, ingress.Outcome) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "evenkeel_presses_total", Help: "What became of each press, form and command of Slack.",
	}, []string{"transport", "result"})
	for _, transport := range []string{byHTTP, bySocket} {
		for _, result := range ingress.Results() { // a rate needs a 0 before the 1
			counter.WithLabelValues(transport, string(result))
		}
	}
	registry.MustRegister(counter)
	return func(transport string, o ingress.Outcome) {
		counter.WithLabelValues(transport, string(o.Result)).Inc()
		level := slog.LevelDebug
		switch o.Result {
		case ingress.Recorded, ingress.FormOpened, ingress.Refused, ingress.Answered, ingress.Repeated:
			level = slog.LevelInfo
		case ingress.NotTaken, ingress.Malformed, ingress.Foreign:
			level = slog.LevelWarn
		case ingress.Unsigned, ingress.Ignored, ingress.Checked:
		}
		logger.Log(context.Background(), level, "came in from Slack", "transport", transport, "result", string(o.Result), "reason", o.Why)
	}
}

// socketChanged shows and logs whether the socket is open.
func socketChanged(logger *slog.Logger, registry *prometheus.Registry) func(bool, error) {
	up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "evenkeel_slack_socket_up", Help: "1 while the socket to Slack is open."})
	registry.MustRegister(up)
	return func(open bool, err error) {
		switch {
		case open:
			up.Set(1)
			logger.Info("the socket to Slack is open")
		case err != nil:
			up.Set(0)
			logger.Warn("the socket to Slack is not open; another is opened", "error", err)
		}
	}
}
