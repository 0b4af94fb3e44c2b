package reach

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// addresses returns one that answers and one that refuses.
func addresses(t *testing.T) (open, closed string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer gone.Close()
	return l.Addr().String(), gone.Addr().String()
}

func TestEach(t *testing.T) {
	open, closed := addresses(t)
	failures, err := Each(t.Context(), []string{open, closed, open}, Here)
	require.NoError(t, err)
	require.Equal(t, []Failure{{closed, "connect: connection refused"}}, failures)
	require.EqualError(t, Error(failures), "the router does not reach "+closed+" (connect: connection refused)")
	require.NoError(t, Error(nil))

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Each(cancelled, []string{open}, Here)
	require.ErrorIs(t, err, context.Canceled)
}

func TestEachIsBounded(t *testing.T) {
	var now, most atomic.Int64
	refuse := func(context.Context, string) (net.Conn, error) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
		return nil, errors.New("no")
	}
	failures, err := Each(t.Context(), strings.Fields(strings.Repeat("1.1.1.1:1 ", 100)), refuse)
	require.NoError(t, err)
	require.Len(t, failures, 100)
	require.LessOrEqual(t, most.Load(), int64(atOnce))
	require.Greater(t, most.Load(), int64(1))
}

func TestCommand(t *testing.T) {
	open, closed := addresses(t)
	for _, c := range []struct {
		name      string
		addresses []string
		code      int
		failures  []Failure
	}{
		{"nothing to ask", nil, 0, nil},
		{"answers", []string{open}, 0, nil},
		{"one does not", []string{closed, open}, 1, []Failure{{closed, "connect: connection refused"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			require.Equal(t, c.code, Main(c.addresses, &out))
			// A terminal ends its lines in two characters.
			failures, err := Read(c.addresses, strings.ReplaceAll(out.String(), "\n", "\r\n"))
			require.NoError(t, err)
			require.Equal(t, c.failures, failures)
		})
	}
	for _, bad := range []string{"replica:80", "127.0.0.1", "127.0.0.1:0", "--help"} {
		var out bytes.Buffer
		require.Equal(t, 2, Main([]string{bad}, &out))
		_, err := Read([]string{bad}, out.String())
		require.Error(t, err)
	}
}

func TestWordsOfAnotherProgram(t *testing.T) {
	_, err := Read([]string{"10.0.0.1:80"}, "ok\nPASS\n")
	require.EqualError(t, err, "no word about 10.0.0.1:80")
	_, err = Read([]string{"10.0.0.1:80", "10.0.0.2:80"}, "answered 10.0.0.1:80\n")
	require.EqualError(t, err, "no word about 10.0.0.2:80")
}
