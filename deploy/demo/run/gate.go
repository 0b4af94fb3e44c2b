package main

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// showGate plans one more replica of a service that claims VRAM, and shows what the gate says: on a
// machine without a GPU that there is none and why that is allowed, else what fits or what is short.
// EVENKEEL_NVML_LIBRARY names another driver library, such as the stand-in of the tests. It returns an
// error only when nothing was said: a refusal is an answer.
func showGate(ctx context.Context, s *stack.Stack) error {
	say("starter scale worker-llm=2 --dry-run")
	cmd := exec.CommandContext(ctx, s.Bin("starter"), "scale", "worker-llm=2", "--dry-run")
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return nil
	}
	return err
}
