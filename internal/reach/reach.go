// Package reach opens TCP connections to see which addresses answer: from this process, from
// wherever a caller's dial takes it, or as a command in a container of its own.
package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// Within bounds one connection.
	Within = 2 * time.Second
	// atOnce bounds how many are opened at the same time.
	atOnce = 16
)

// Failure is an address that did not answer.
type Failure struct {
	// Address is an IP address with a port.
	Address string
	// Reason is in the words of the system, such as "i/o timeout".
	Reason string
}

// Dial opens one connection.
type Dial func(ctx context.Context, address string) (net.Conn, error)

// Here opens a connection from this process.
func Here(ctx context.Context, address string) (net.Conn, error) {
	// The bound is the dialer's own, so that no attempt lives longer than its caller.
	return (&net.Dialer{Timeout: Within}).DialContext(ctx, "tcp", address)
}

// Check says which of addresses is no IP address with a port: a host name would be looked up where
// the caller stands, and not where the connection is opened.
func Check(addresses []string) error {
	for _, a := range addresses {
		if parsed, err := netip.ParseAddrPort(a); err != nil || parsed.Port() == 0 {
			return fmt.Errorf("%q is not an IP address with a port", a)
		}
	}
	return nil
}

// Each opens a connection to every address and returns those that did not answer, in their order. The
// error is that of a context which is over.
func Each(ctx context.Context, addresses []string, dial Dial) ([]Failure, error) {
	reasons := make([]string, len(addresses))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, address := range addresses {
		group.Go(func() error {
			c, err := dial(ctx, address)
			if err != nil {
				reasons[i] = reason(err)
				return nil
			}
			return c.Close()
		})
	}
	_ = group.Wait() // a connection that was open has answered, whatever its close says
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var failures []Failure
	for i, r := range reasons {
		if r != "" {
			failures = append(failures, Failure{addresses[i], r})
		}
	}
	return failures, nil
}

// reason leaves out of a dial error what its reader knows: that it is TCP, and to which address.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

// Error turns failures into one error, nil when there are none.
func Error(failures []Failure) error {
	if len(failures) == 0 {
		return nil
	}
	var out []string
	for _, f := range failures {
		out = append(out, fmt.Sprintf("%s (%s)", f.Address, f.Reason))
	}
	return fmt.Errorf("the router does not reach %s", strings.Join(slices.Compact(out), ", "))
}
