package main

import (
	"context"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
)

// quiet is requests per second in each mode while a person looks around: enough to measure a p95 by.
const quiet = 2

// stay keeps everything running until ctx ends, with a little traffic, by which a p95 is measured: what runbooks need
// beside the rest.
func (d *demo) stay(ctx context.Context) {
	for _, mode := range []string{"fast", "balanced", "creative"} {
		requests := load.Start(ctx, load.Options{URL: d.stack.URL() + "/generate?mode=" + mode, Rate: quiet})
		defer requests.Stop()
	}
	say("still running: %s shows the runs; %s answers; %s is where people are asked. Ctrl-C stops everything.", d.webUI, d.stack.URL(), d.slack.page)
	say("for the starter in another terminal: . %s", d.environment)
	<-ctx.Done()
}
