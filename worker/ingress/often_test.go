package ingress

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTooOften(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	o := &often{now: func() time.Time { return now }}
	for range pressesPerHour {
		require.False(t, o.tooOften("eve"))
	}
	require.True(t, o.tooOften("eve"))
	require.False(t, o.tooOften("bob"), "which is nobody else's fault")
	now = now.Add(time.Hour)
	require.False(t, o.tooOften("eve"))
	for i := range maxOften {
		o.tooOften(fmt.Sprint(i))
	}
	require.True(t, o.tooOften("somebody new"))
	require.False(t, o.tooOften("eve"), "who was counted before")
}
