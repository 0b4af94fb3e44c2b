package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// Address is something that the process will listen on.
type Address struct {
	IP   string
	Port int
	// Flag is the command-line flag that chooses another port.
	Flag string
}

// dial returns the address for a client on this host.
func (a Address) dial() string {
	ip := a.IP
	if p, err := netip.ParseAddr(ip); err == nil && p.IsUnspecified() {
		ip = loopback
		if p.Is6() {
			ip = "::1"
		}
	}
	return net.JoinHostPort(ip, strconv.Itoa(a.Port))
}

const loopback = "127.0.0.1"

// addresses are the listeners of one server; the last three are loopback only.
type addresses struct {
	frontend, ui, history, matching, worker Address
}

// claim checks that every port is free and chooses those that are left open. All are held until the
// last is known, so that two of ours never get the same one.
func claim(o Options) (addresses, error) {
	a := addresses{
		frontend: Address{IP: o.IP, Port: o.Port, Flag: "--port"},
		ui:       Address{IP: o.IP, Port: o.UIPort, Flag: "--ui-port"},
		history:  Address{IP: loopback},
		matching: Address{IP: loopback},
		worker:   Address{IP: loopback},
	}
	all := []*Address{&a.frontend, &a.ui}
	for i := range o.Needed {
		all = append(all, &o.Needed[i])
	}
	all = append(all, &a.history, &a.matching, &a.worker)
	for _, one := range all {
		l, err := net.Listen("tcp", net.JoinHostPort(one.IP, strconv.Itoa(one.Port)))
		if err != nil {
			return a, one.busy(err)
		}
		defer func() { _ = l.Close() }()
		one.Port = l.Addr().(*net.TCPAddr).Port
	}
	return a, nil
}

// busy says in one line why the address cannot be listened on.
func (a Address) busy(err error) error {
	at := net.JoinHostPort(a.IP, strconv.Itoa(a.Port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s is in use; stop what listens there or choose another with %s", at, a.Flag)
	}
	if cause := errors.Unwrap(err); cause != nil { // the outer error repeats the address
		err = cause
	}
	return fmt.Errorf("port %s cannot be listened on: %w; choose another with %s or --ip", at, err, a.Flag)
}
