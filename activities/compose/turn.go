package compose

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// readWithin is how long a caller waits for the files of a project, those of other callers included: on a
// disk behind a network a read may never end, and nothing can end it.
const readWithin = 10 * time.Second

// turn lets one reading go on at a time. One that takes too long is left alone and keeps the turn, so that
// no more than one is ever stuck.
type turn struct {
	taken  chan struct{}
	within time.Duration
	// of names what is read: the files, else the folder in which they are looked for.
	of string
}

func newTurn(of string) turn { return turn{taken: make(chan struct{}, 1), within: readWithin, of: of} }

// inTurn returns what do returns, Unavailable where that takes too long, and the error of ctx where ctx ends
// first.
func inTurn[T any](ctx context.Context, t turn, do func(context.Context) (T, error)) (T, error) {
	var none T
	bound, cancel := context.WithTimeoutCause(ctx, t.within, activities.Fail(activities.Unavailable,
		fmt.Errorf("reading the Compose project of %s took longer than %s; see whether its disk answers", t.of, t.within)))
	defer cancel()
	select {
	case t.taken <- struct{}{}:
	case <-bound.Done():
		return none, context.Cause(bound)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if reason := recover(); reason != nil {
				r = result{err: t.panicked(reason)}
			}
			<-t.taken
			done <- r
		}()
		r.value, r.err = do(bound)
	}()
	select {
	case r := <-done:
		if r.err != nil && bound.Err() != nil && errors.Is(r.err, bound.Err()) {
			return none, context.Cause(bound)
		}
		return r.value, r.err
	case <-bound.Done():
		return none, context.Cause(bound)
	}
}

// panicked is the error of a reader that gave up on the files, which would end the process. What it says is
// told only where it cannot quote the files.
func (t turn) panicked(reason any) error {
	text := "it panicked"
	if err, ok := reason.(runtime.Error); ok {
		text = err.Error()
	}
	return activities.Fail(activities.InvalidInput, fmt.Errorf("the Compose project of %s cannot be read: the reader of its files gave up: %s", t.of, text))
}
