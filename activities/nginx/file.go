package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

const (
	// lockFile makes those who write into a folder wait for each other. Only who may write there can open it, so that
	// nobody else can hold it.
	lockFile = ".evenkeel.lock"
	// lockWithin is how long another change is waited for: a change takes a second, so who holds it longer hangs.
	lockWithin = 30 * time.Second
	// maxFile is the size above which an upstream's file is not read, in bytes; evenkeel writes 64 for each replica.
	maxFile = 1 << 20
)

// lock makes the caller the only writer of a folder until unlock. Each call opens the lock's file anew: so it excludes
// other goroutines like other processes, and the kernel drops it when the process dies. One that another holds for too
// long is Unavailable.
func lock(ctx context.Context, dir string) (unlock func() error, err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, failed("open the folder of the upstreams, which nginx.conf must include", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, failed("lock "+dir, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lockWithin, activities.Fail(activities.Unavailable, fmt.Errorf("%s has been locked by another change for %s", dir, lockWithin)))
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, failed("lock "+dir, err)
		}
		// A blocking lock would not heed the context.
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock: %w", context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
}

// readFile returns the content of an upstream's file. What is no file, and what is too large to be one of evenkeel's, is
// Conflict: reading it might never end.
func readFile(path string) ([]byte, error) {
	text, err := textfile.Read(path, maxFile)
	if _, ok := errors.AsType[*textfile.Error](err); ok {
		return nil, activities.Fail(activities.Conflict, fmt.Errorf("%w; evenkeel did not write it, move it away", err))
	}
	return text, err
}

// replace makes text the content of path: after a crash there is the old file or the new one, whole. The caller holds
// the lock.
func replace(path string, text []byte) error {
	// No include of *.conf takes these names. Whoever may write into the folder must not lead the write elsewhere, so
	// each is new.
	dir, name := filepath.Dir(path), "."+filepath.Base(path)+".new"
	left, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, old := range left {
		if strings.HasPrefix(old.Name(), name) {
			_ = os.Remove(filepath.Join(dir, old.Name())) // of a write that a crash cut off
		}
	}
	f, err := os.CreateTemp(dir, name)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	// nginx's workers read it as another user.
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(path)
}

// syncDir makes the names in the folder of path durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// failed says what was being done with a file and gives the error its class where that is known.
func failed(doing string, err error) error {
	wrapped := fmt.Errorf("%s: %w", doing, err)
	if _, ok := errors.AsType[*activities.Error](err); ok {
		return wrapped
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return activities.Fail(activities.NotFound, wrapped)
	case errors.Is(err, fs.ErrPermission):
		return activities.Fail(activities.PermissionDenied, wrapped)
	}
	return wrapped
}
