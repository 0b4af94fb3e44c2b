package main

import (
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/worker/app"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/worker/promsdk"
)

func command() *cobra.Command {
	var configFile, host, http string
	cmd := &cobra.Command{
		Use:           "worker",
		Short:         "Poll a Temporal server and do evenkeel's work on this host",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, registry := app.Logger(os.Stderr), prometheus.NewRegistry()
			slog.SetDefault(logger)
			c, err := config.Load(configFile)
			if err != nil {
				return err
			}
			temporal, err := connect.Dial(cmd.Context(), connect.Options{Logger: logger, Metrics: promsdk.New(registry)})
			if err != nil {
				return err
			}
			defer temporal.Close()
			worker, err := app.New(cmd.Context(), app.Options{
				Config: c, Host: host, Client: temporal.Client, Namespace: temporal.Namespace, Logger: logger, Registry: registry, HTTPAddress: http,
			})
			if err != nil {
				return err
			}
			return worker.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&configFile, "config", "", "configuration file (default: $EVENKEEL_CONFIG, ./evenkeel.yaml, /etc/evenkeel/evenkeel.yaml)")
	cmd.Flags().StringVar(&host, "host", "", "host of the configuration that this worker serves (default: the only one, else the short host name)")
	cmd.Flags().StringVar(&http, "http", "127.0.0.1:9464", "address for /healthz, /readyz and /metrics")
	return cmd
}
