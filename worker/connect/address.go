package connect

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"
)

// badAddress says what is wrong with the form of an address; empty when nothing is. Without a port gRPC would take that
// of HTTPS and say nothing. An address with a scheme is gRPC's own business.
func badAddress(address string) string {
	const right = "; write HOST:PORT, such as localhost:7233"
	if strings.Contains(address, "://") || strings.HasPrefix(address, "unix:") {
		return ""
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "is not a host with a port" + right
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "has no port from 1 to 65535" + right
	}
	return ""
}

// lookUpLimit bounds the question whether a name has an address, after a dial that failed.
const lookUpLimit = 2 * time.Second

// lookUp is why the host of an address has none: of that gRPC says only that there is nobody to dial. It is nil where
// there is one, or where that is not known.
func lookUp(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpLimit)
	defer cancel()
	_, err = net.DefaultResolver.LookupHost(ctx, host)
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return errors.New("no host has the name " + host)
	}
	return nil
}
