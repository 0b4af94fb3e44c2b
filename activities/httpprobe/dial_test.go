package httpprobe

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Dialer = (*Prober)(nil)

func TestDial(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, New().Dial(t.Context(), address))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = New().Dial(ctx, address)
	require.ErrorContains(t, err, "canceled")

	require.NoError(t, listener.Close())
	requireClass(t, activities.Unavailable, New().Dial(t.Context(), address))
	requireClass(t, activities.Unavailable, New().Dial(t.Context(), "nonsense"))
}
