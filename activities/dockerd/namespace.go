package dockerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/reach"
)

// errOutside says that this process cannot enter a container's network namespace: the engine is on
// another machine, this process in a container of its own, or not allowed to.
var errOutside = errors.New("this process cannot enter the router's network namespace")

// reachInside opens the connections from threads of this process that have gone into the namespace.
func (e *Engine) reachInside(ctx context.Context, id string, addresses []string) ([]reach.Failure, error) {
	ns, err := e.namespace(ctx, id)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	var barred atomic.Pointer[error]
	failures, err := reach.Each(ctx, addresses, func(ctx context.Context, address string) (c net.Conn, err error) {
		if entered := within(ns, func() { c, err = reach.Here(ctx, address) }); entered != nil {
			barred.Store(&entered)
			return nil, entered
		}
		return c, err
	})
	if why := barred.Load(); why != nil {
		return nil, fmt.Errorf("%w: %w", errOutside, *why)
	}
	return failures, err
}

// namespace opens the network namespace of a running container. A process id of another machine, or of
// another pid namespace, may be that of a stranger here: so the process must be in the container's
// control group, and the container still be the same once the file is open.
func (e *Engine) namespace(ctx context.Context, id string) (*os.File, error) {
	before, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return nil, err
	}
	process := filepath.Join(e.proc, strconv.Itoa(before.State.Pid))
	groups, err := os.ReadFile(filepath.Join(process, "cgroup"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOutside, err)
	}
	if !bytes.Contains(groups, []byte(before.ID)) {
		return nil, fmt.Errorf("%w: process %d of this host is another one", errOutside, before.State.Pid)
	}
	ns, err := os.Open(filepath.Join(process, "ns/net"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOutside, err)
	}
	after, err := e.api.ContainerInspect(ctx, id)
	if err == nil && (after.State.Pid != before.State.Pid || after.State.StartedAt != before.State.StartedAt) {
		err = activities.Fail(activities.Unavailable, fmt.Errorf("%s was restarted in the meantime", before.Name))
	}
	if err != nil {
		ns.Close()
		return nil, err
	}
	return ns, nil
}

// within runs do on a thread that is in a network namespace. The error says that it could not get in.
//
// The thread is nobody else's meanwhile. If it cannot come back it is not given back either, and ends
// with its goroutine: a thread astray would open somebody else's connections in there. What is asked
// for is the thread's own entry, because /proc/self is that of the main thread.
func within(ns *os.File, do func()) error {
	entered := make(chan error)
	go func() {
		runtime.LockOSThread()
		own, err := os.Open("/proc/thread-self/ns/net")
		if err == nil {
			defer own.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err != nil {
			runtime.UnlockOSThread()
			entered <- err
			return
		}
		do()
		if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		entered <- nil
	}()
	return <-entered
}
