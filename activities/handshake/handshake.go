// Package handshake asks a server over TCP whether it gives out connections. The kernel takes a connection for a
// server that hangs or is full, so a protocol that is known here is spoken up to the server's first answer.
// Nothing is asked for that needs a password.
package handshake

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// within is how long connecting and the first answer may take together.
const within = 5 * time.Second

// Dialer opens connections. It implements activities.Dialer.
type Dialer struct{}

// handshakes are what is said once the connection is there, by protocol.
var handshakes = map[string]func(net.Conn) error{
	"":         func(net.Conn) error { return nil },
	"tcp":      func(net.Conn) error { return nil },
	"postgres": postgres,
	"redis":    redis,
}

// Dial opens a connection to address, "172.18.0.3:6379", speaks the protocol up to the server's first answer
// and closes it again. It gives up after 5 seconds. Nobody who answers, and an answer that gives no
// connection, is Unavailable; a protocol that is none of tcp, postgres and redis is InvalidInput.
func (Dialer) Dial(ctx context.Context, protocol, address string) error {
	speak, ok := handshakes[protocol]
	if !ok {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("protocol %q; write tcp, postgres or redis", protocol))
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return unavailable(err)
	}
	defer connection.Close()
	// What waits for an answer ends with ctx, which has a deadline and may end before it.
	defer context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })()
	if err := speak(connection); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s takes connections and does not answer: %w", address, ctx.Err())
		}
		return unavailable(err)
	}
	return nil
}

func unavailable(err error) error { return activities.Fail(activities.Unavailable, err) }
