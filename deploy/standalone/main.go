// Command evenkeel is everything on one host: a Temporal server on SQLite, its Web UI and the
// evenkeel worker in one process.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the server fires schedules by these zones, and the host may have none

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/reach"
	"github.com/evenkeel/evenkeel/internal/terminal"
)

// stopLimit is how long a stop may take: 15 seconds for the worker and one for the server. What is cut
// off then is on disk and goes on with the next start.
const stopLimit = 25 * time.Second

func main() {
	if len(os.Args) > 1 && os.Args[1] == reach.Command {
		os.Exit(reach.Main(os.Args[2:], os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the process at once
		time.AfterFunc(stopLimit, func() {
			fmt.Fprintf(os.Stderr, "evenkeel: not stopped after %s; giving up\n", stopLimit)
			os.Exit(3)
		})
	})
	switch err := command().ExecuteContext(ctx); {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
	case errors.As(err, &missingError{}):
		terminal.PrintError(os.Stderr, "evenkeel", err)
		os.Exit(3)
	default:
		terminal.PrintError(os.Stderr, "evenkeel", err)
		os.Exit(2)
	}
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:           "evenkeel",
		Short:         "Run a Temporal server, its Web UI and evenkeel's worker on this host",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "configuration file (default: $EVENKEEL_CONFIG, ./evenkeel.yaml, /etc/evenkeel/evenkeel.yaml)")
	f.StringVar(&o.host, "host", "", "host of the configuration that this is (default: the only one, else the short host name)")
	f.StringVar(&o.ip, "ip", "127.0.0.1", "address of the Temporal server and its Web UI; neither asks who is there, so never a public one")
	f.IntVar(&o.port, "port", 7233, "port of the Temporal server")
	f.IntVar(&o.uiPort, "ui-port", 8233, "port of the Web UI")
	f.StringVar(&o.http, "http", "127.0.0.1:9464", "address for /healthz, /readyz and /metrics")
	return cmd
}
