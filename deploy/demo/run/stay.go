package main

import (
	"context"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// quiet is requests per second in each mode while a person looks around: enough to measure a p95 by.
const quiet = 2

// stay keeps everything running, with a little traffic, until ctx ends.
func stay(ctx context.Context, s *stack.Stack, webUI string) error {
	environment, err := s.WriteEnvironment()
	if err != nil {
		return err
	}
	for _, mode := range []string{"fast", "balanced", "creative"} {
		requests := load.Start(ctx, load.Options{URL: s.URL() + "/generate?mode=" + mode, Rate: quiet})
		defer requests.Stop()
	}
	say("still running: %s shows the runs; %s answers. Ctrl-C stops everything.", webUI, s.URL())
	say("for the starter in another terminal: . %s", environment)
	<-ctx.Done()
	return nil
}
