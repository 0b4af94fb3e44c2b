package httpprobe

import (
	"context"
	"net"
)

// Dial opens a TCP connection to address, "172.18.0.3:6379", and closes it again. It gives up after 5 seconds.
// Nobody who answers is Unavailable.
func (p *Prober) Dial(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: within}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return unavailable(err)
	}
	return connection.Close()
}
