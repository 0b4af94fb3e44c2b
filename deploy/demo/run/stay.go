package main

import (
	"context"
	"errors"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// quiet is requests per second in each mode while a person looks around: enough to measure a p95 by.
const quiet = 2

// stay keeps everything running until ctx ends, with a little traffic and a Prometheus that measures it: what
// runbooks need beside the rest.
func stay(ctx context.Context, s *stack.Stack, webUI string) (err error) {
	environment, err := s.WriteEnvironment()
	if err != nil {
		return err
	}
	prometheus, err := s.StartPrometheus(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, prometheus.Stop(stopLimit)) }()
	for _, mode := range []string{"fast", "balanced", "creative"} {
		requests := load.Start(ctx, load.Options{URL: s.URL() + "/generate?mode=" + mode, Rate: quiet})
		defer requests.Stop()
	}
	say("still running: %s shows the runs; %s answers. Ctrl-C stops everything.", webUI, s.URL())
	say("for the starter in another terminal: . %s", environment)
	<-ctx.Done()
	return nil
}
