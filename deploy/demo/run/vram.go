package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// standIn makes the tests' stand-in of NVML when GPU_USED_MB is set, with one card of 24576 MB of which
// that much is used, and returns the environment that makes evenkeel load it.
func standIn(dir string) ([]string, error) {
	text := os.Getenv("GPU_USED_MB")
	if text == "" {
		return nil, nil
	}
	used, err := strconv.ParseInt(text, 10, 64)
	if err != nil || used < 0 || used > 24576 {
		return nil, fmt.Errorf("GPU_USED_MB=%q is not a number of MB; write 0 to 24576", text)
	}
	library, err := nvmltest.New(dir, nvmltest.Card(0, used))
	if err != nil {
		return nil, err
	}
	return []string{"EVENKEEL_NVML_LIBRARY=" + library.File}, nil
}

// showGate plans one more replica of a service that claims VRAM, and shows what the gate says: on a
// machine without a GPU that there is none and why that is allowed, else what fits or what is short.
// It returns an error only when nothing was said: a refusal is an answer.
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
