package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// anchorName is the file with the newest entry that this host has seen. After a crash between an
// append and its anchor it is behind, which is no fault; ahead of the ledger it never is.
const anchorName = "ledger.head"

// anchor is that file.
type anchor struct {
	dir string
	mu  sync.Mutex
}

func newAnchor(dir string) *anchor { return &anchor{dir: dir} }

func (a *anchor) path() string { return filepath.Join(a.dir, anchorName) }

// read returns nil where there is no anchor yet.
func (a *anchor) read() (*ledger.Head, error) {
	text, err := textfile.Read(a.path(), textfile.Small)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, activities.Fail(activities.Unavailable, fmt.Errorf("anchor of the ledger: %w", err))
	}
	head, err := ledger.ParseHead(string(text))
	if err != nil {
		return nil, tampered("the anchor of the ledger, %s, was changed: %w; bring it back, or see docs/ledger.md", a.path(), err)
	}
	return &head, nil
}

// advance makes sure that the anchor on the disk is at that entry or further. Other processes of this
// host may do the same.
func (a *anchor) advance(to ledger.Head) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	dir, err := os.Open(a.dir)
	if err != nil {
		return activities.Fail(activities.Unavailable, fmt.Errorf("anchor of the ledger: %w", err))
	}
	defer func() { _ = dir.Close() }() // which also unlocks it
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return activities.Fail(activities.Unavailable, fmt.Errorf("anchor of the ledger: lock %s: %w", a.dir, err))
	}
	now, err := a.read()
	if err != nil || now != nil && now.Seq >= to.Seq {
		return err
	}
	if err := a.write(dir, to.String()+"\n"); err != nil {
		return activities.Fail(activities.Unavailable, fmt.Errorf("anchor of the ledger: %w", err))
	}
	return nil
}

// write replaces the file in one step, which is on the disk when it returns.
func (a *anchor) write(dir *os.File, text string) error {
	fresh := a.path() + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, a.path()); err != nil {
		return err
	}
	return dir.Sync()
}
