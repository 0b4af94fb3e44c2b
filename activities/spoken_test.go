package activities

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

func TestTimedOut(t *testing.T) {
	for kind, want := range map[enums.TimeoutType]string{
		enums.TIMEOUT_TYPE_HEARTBEAT:         "its worker stopped, or lost the server, while it ran",
		enums.TIMEOUT_TYPE_SCHEDULE_TO_START: "no worker took it in time",
		enums.TIMEOUT_TYPE_START_TO_CLOSE:    "it did not end in time",
		enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE: "it did not end in time",
		enums.TIMEOUT_TYPE_UNSPECIFIED:       "it did not end in time",
	} {
		require.Equal(t, want, TimedOut(kind), kind)
	}
}

// What an activity says of a context reaches people in words.
func TestClassifySpeaks(t *testing.T) {
	for cause, want := range map[error]string{
		context.DeadlineExceeded: "ask app: time ran out",
		context.Canceled:         "ask app: it was stopped",
		errors.New("no memory"):  "ask app: no memory",
	} {
		app, ok := errors.AsType[*temporal.ApplicationError](Classify(t.Context(), Fail(Unavailable, fmt.Errorf("ask app: %w", cause))))
		require.True(t, ok)
		require.Equal(t, want, app.Message())
	}
}
