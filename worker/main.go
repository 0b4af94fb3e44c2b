// Command worker polls any Temporal server and does evenkeel's work on one host.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business dates must not depend on the host's zone files

	"github.com/evenkeel/evenkeel/internal/reach"
	"github.com/evenkeel/evenkeel/internal/terminal"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == reach.Command {
		os.Exit(reach.Main(os.Args[2:], os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := command().ExecuteContext(ctx); err != nil {
		terminal.PrintError(os.Stderr, "worker", err)
		os.Exit(3)
	}
}
