package compose

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestInTurn(t *testing.T) {
	turn := newTurn()
	turn.within = 50 * time.Millisecond
	value, err := inTurn(t.Context(), turn, func(context.Context) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, value)
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { return 0, errors.New("no file") })
	require.EqualError(t, err, "no file")

	// A reader that gives up does not end the process, and does not quote what it read.
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { panic("secret: hunter2") })
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "hunter2")
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) {
		var none []int
		return none[len(none)], nil
	})
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, "index out of range")

	// One that never ends keeps the turn: no more than one is stuck, and nobody waits for long.
	stuck := make(chan struct{})
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { <-stuck; return 0, nil })
	requireClass(t, activities.Unavailable, err)
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { return 0, nil })
	requireClass(t, activities.Unavailable, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = inTurn(cancelled, turn, func(context.Context) (int, error) { return 0, nil })
	require.ErrorIs(t, err, context.Canceled)
	close(stuck)
	require.Eventually(t, func() bool {
		value, err := inTurn(t.Context(), turn, func(context.Context) (int, error) { return 8, nil })
		return err == nil && value == 8
	}, 10*time.Second, time.Millisecond)
}
