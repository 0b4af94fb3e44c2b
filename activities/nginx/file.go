package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// lock makes the caller the only writer of a folder until unlock. The lock belongs to the opened
// folder, and each call opens it anew: so it excludes other goroutines like other processes, and
// the kernel drops it when the process dies.
func lock(ctx context.Context, dir string) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, failed("open the folder of the upstreams, which nginx.conf must include", err)
	}
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
			return nil, fmt.Errorf("%s is locked by another change: %w", dir, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// replace makes text the content of path: after a crash there is the old file or the new one, whole.
func replace(path string, text []byte) error {
	// No include of *.conf takes this name, and as there is only one, a crash leaves at most one.
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	// The umask may have taken away what nginx needs to read it.
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
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
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return activities.Fail(activities.NotFound, wrapped)
	case errors.Is(err, fs.ErrPermission):
		return activities.Fail(activities.PermissionDenied, wrapped)
	}
	return wrapped
}
