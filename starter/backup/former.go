package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// former is the state directory as a restore finds it. While it is claimed no evenkeel starts on it.
type former struct {
	info  fs.FileInfo // nil when there is no directory
	holds bool        // something that is worth keeping
	lock  *os.File
}

// claim takes the lock that a running evenkeel holds.
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
		old.holds = old.holds || entry.Name() != LockName
	}
	if old.lock, err = os.OpenFile(filepath.Join(dir, LockName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	err = syscall.Flock(int(old.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer old.release()
		return nil, refused("stop it first", "evenkeel (pid %s) is running on %s", pid(old.lock), dir)
	}
	if err == nil {
		// A lock that root has just made would keep evenkeel's own user out.
		err = old.own(old.lock.Name())
	}
	if err != nil {
		old.release()
		return nil, fmt.Errorf("lock %s: %w", old.lock.Name(), err)
	}
	return old, nil
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
	if o.lock != nil {
		_ = o.lock.Close()
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
