package activities

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
)

// The class survives any number of wrappings, because it is turned into Temporal's error only once
// and as the outermost one.
func TestClassify(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		class     string
		retryable bool
	}{
		"no class":    {errors.New("x"), Unavailable, true},
		"unavailable": {Fail(Unavailable, errors.New("x")), Unavailable, true},
		"wrapped":     {fmt.Errorf("a: %w", fmt.Errorf("b: %w", Fail(NotFound, errors.New("x")))), NotFound, false},
		"limited":     {&Error{Class: RateLimited, RetryAfter: time.Minute, Err: errors.New("x")}, RateLimited, true},
		"stopping":    {Fail(WorkerStopping, errors.New("x")), WorkerStopping, true},
		"unknown":     {Fail(Unknown, errors.New("x")), Unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			var app *temporal.ApplicationError
			require.ErrorAs(t, Classify(t.Context(), c.err), &app)
			require.Equal(t, c.class, app.Type())
			require.Equal(t, c.retryable, !app.NonRetryable())
			require.Equal(t, c.err.Error(), app.Message())
		})
	}
	require.NoError(t, Classify(t.Context(), nil))
	require.NoError(t, Fail(NotFound, nil))
}

func TestClassifyKeepsACancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, Classify(ctx, fmt.Errorf("ask: %w", context.Canceled)))
}
