package ingress

import (
	"net"
	"sync"
)

// limited accepts a few connections at a time; the next one waits in the kernel.
type limited struct {
	net.Listener
	free   chan struct{}
	closed chan struct{}
	once   sync.Once
}

func limit(l net.Listener, connections int) *limited {
	return &limited{Listener: l, free: make(chan struct{}, connections), closed: make(chan struct{})}
}

// Accept waits until there is room for one more.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed: // those that are open may stay for a while
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &limitedConn{Conn: conn, over: sync.OnceFunc(func() { <-l.free })}, nil
}

// Close ends the listening, also where it waits for room.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// limitedConn is a connection that makes room for another when it is closed.
type limitedConn struct {
	net.Conn
	over func()
}

// Close ends the connection.
func (c *limitedConn) Close() error {
	defer c.over()
	return c.Conn.Close()
}
