package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lock is the right to use a state directory. The kernel gives it up when the process ends, however
// it ends, so no stale lock is ever left.
type lock struct{ file *os.File }

// acquire takes the lock of dir and writes the process id into it for whoever comes second.
func acquire(dir string) (*lock, error) {
	path := filepath.Join(dir, "evenkeel.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w; set EVENKEEL_STATE to one that can be written", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer func() { _ = f.Close() }()
		return nil, fmt.Errorf("another evenkeel (pid %s) uses %s; stop it or set EVENKEEL_STATE", owner(f), dir)
	}
	if err == nil {
		err = write(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &lock{file: f}, nil
}

func write(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// owner returns the process id in a lock file, or "unknown" between the owner's lock and write.
func owner(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}

// release gives the lock up. The file stays: removing it would let a third process lock a new file
// of the same name while a second one waits on the old.
func (l *lock) release() {
	if l != nil {
		_ = l.file.Close()
	}
}
