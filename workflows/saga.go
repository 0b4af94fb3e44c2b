package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"
)

// saga is a stack of compensations. Push one before the step that may half-succeed.
type saga struct {
	steps []compensation
}

type compensation struct {
	// what says what the compensation puts back, such as "send traffic to the old replicas only".
	what string
	// undo returns what it has really put back, in the words of what where it has done all of that; empty where
	// there was nothing to do.
	undo func(workflow.Context) (done string, err error)
}

func (s *saga) push(what string, undo func(workflow.Context) (done string, err error)) {
	s.steps = append(s.steps, compensation{what: what, undo: undo})
}

// all is an undo that does the whole of what it is pushed for, or fails.
func all(what string, undo func(workflow.Context) error) (string, func(workflow.Context) (string, error)) {
	return what, func(ctx workflow.Context) (string, error) {
		if err := undo(ctx); err != nil {
			return "", err
		}
		return what, nil
	}
}

// pop takes the last compensation off: its step has changed nothing.
func (s *saga) pop() { s.steps = s.steps[:len(s.steps)-1] }

// unwind runs the compensations, last first, on a context that a cancellation does not reach. It
// runs all of them, whatever fails, and returns what was put back and what could not be.
func (s *saga) unwind(ctx workflow.Context, before func(ctx workflow.Context, what string)) (done []string, err error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var failed []string
	for _, step := range slices.Backward(s.steps) {
		before(ctx, step.what)
		put, err := step.undo(ctx)
		if err != nil {
			failed = append(failed, fmt.Sprintf("%s: %s", step.what, Reason(err)))
		}
		if put != "" {
			done = append(done, put)
		}
	}
	s.steps = nil
	if len(failed) > 0 {
		err = errors.New(strings.Join(failed, "; "))
	}
	return done, err
}
