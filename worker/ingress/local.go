package ingress

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// maxPath is what the kernel takes as the path of a socket, in bytes (unix(7)).
const maxPath = 107

// ListenLocal listens on a socket that every user of this host may call. A socket that a worker left behind is replaced;
// the caller has made sure that no other worker has this folder.
func ListenLocal(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path %s has %d bytes, and that of a socket may have %d; set EVENKEEL_STATE to a shorter one", path, len(path), maxPath)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		_ = listener.Close() // it was not used
		return nil, err
	}
	return &socket{UnixListener: listener.(*net.UnixListener), open: map[uint32]int{}}, nil //nolint:forcetypeassert // it is one
}

// perUser is how many connections one user may have at a time: none keeps the others, or the worker, from theirs.
const perUser = 16

// socket is the local one, and knows how many connections each user has.
type socket struct {
	*net.UnixListener
	mu   sync.Mutex
	open map[uint32]int
}

// localConn is a connection by it; the kernel has said who is at its other end.
type localConn struct {
	*net.UnixConn
	peer unix.Ucred
	over func()
}

// Accept returns the next connection, and closes those of a user who has too many.
func (l *socket) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		peer, err := peerOf(conn)
		if err != nil || !l.enter(peer.Uid) {
			_ = conn.Close() // nothing was said on it
			continue
		}
		return &localConn{conn, *peer, sync.OnceFunc(func() { l.leave(peer.Uid) })}, nil
	}
}

// Close ends the connection; its user may have another one.
func (c *localConn) Close() error {
	defer c.over()
	return c.UnixConn.Close()
}

func (l *socket) enter(uid uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[uid] >= perUser {
		return false
	}
	l.open[uid]++
	return true
}

func (l *socket) leave(uid uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[uid]--; l.open[uid] == 0 {
		delete(l.open, uid)
	}
}

// peerOf asks the kernel who connected.
func peerOf(conn *net.UnixConn) (peer *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if controlErr := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); controlErr != nil {
		return nil, controlErr
	}
	return peer, err
}
