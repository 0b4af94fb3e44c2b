// Command starter is evenkeel's command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business dates must not depend on the machine's zone files

	"github.com/evenkeel/evenkeel/starter/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Execute(ctx, cli.Streams{Out: os.Stdout, Err: os.Stderr, In: os.Stdin}, os.Args[1:]))
}
