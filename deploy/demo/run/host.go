package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// lock keeps a second demo from taking the first one's containers down.
func lock() (unlock func(), err error) {
	name := filepath.Join(os.TempDir(), "evenkeel-demo.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("another demo is running on this machine; stop it first")
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return func() { f.Close() }, nil
}

// addresses are where evenkeel listens: its own defaults where they are free.
type addresses struct {
	temporal, ui, http string
}

func freeAddresses() (addresses, error) {
	var a addresses
	for _, want := range []struct {
		address *string
		port    int
	}{{&a.temporal, 7233}, {&a.ui, 8233}, {&a.http, 9464}} {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want.port)))
		if err != nil {
			if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return a, err
			}
		}
		*want.address = listener.Addr().String()
		defer listener.Close() // all at once at the end, so that no two are the same
	}
	return a, nil
}

func (a addresses) flags() []string {
	return []string{"--port", port(a.temporal), "--ui-port", port(a.ui), "--http", a.http}
}

func (a addresses) webUI() string { return "http://" + a.ui }

func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // it came from a listener
	return port
}
