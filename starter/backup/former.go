package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// former is the state directory as a restore finds it. While it is claimed no evenkeel starts on it and no
// worker opens its ledger.
type former struct {
	info  fs.FileInfo // nil when there is no directory
	holds bool        // something that is worth keeping
	locks []*os.File
}

// claim takes the locks that a running evenkeel and running workers hold.
func claim(dir string) (*former, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &former{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	old := &former{info: info}
	for _, entry := range entries {
		old.holds = old.holds || !slices.Contains(lockNames, entry.Name())
	}
	for _, name := range lockNames {
		if err := old.take(filepath.Join(dir, name)); err != nil {
			old.release()
			return nil, err
		}
	}
	return old, nil
}

func (o *former) take(path string) error {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	o.locks = append(o.locks, lock)
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch dir, name := filepath.Split(path); {
	case errors.Is(err, syscall.EWOULDBLOCK) && name == LockName:
		return refused("stop it first", "evenkeel (pid %s) is running on %s", pid(lock), filepath.Clean(dir))
	case errors.Is(err, syscall.EWOULDBLOCK):
		return refused("stop it first", "a worker appends to the ledger in %s", filepath.Clean(dir))
	case err == nil:
		// A lock that root has just made would keep evenkeel's own user out.
		err = o.own(path)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}

// pid reads who holds the lock; the file is empty for an instant after it was taken.
func pid(lock io.Reader) string {
	b, err := io.ReadAll(io.LimitReader(lock, 32))
	if text := strings.TrimSpace(string(b)); err == nil && text != "" {
		return text
	}
	return "unknown"
}

func (o *former) release() {
	for _, lock := range o.locks {
		_ = lock.Close()
	}
}

// own gives a file, or a directory with all that it holds, to the owner of the former directory:
// root restores, and evenkeel runs as a user of its own.
func (o *former) own(name string) error {
	if o.info == nil || os.Geteuid() != 0 {
		return nil
	}
	owner, ok := o.info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return filepath.WalkDir(name, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, int(owner.Uid), int(owner.Gid))
	})
}
