// Package backup copies the state directory of one host into a single file and back. A backup is a
// .tar.gz: manifest.json first, then what it lists, in its order, below state/.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Format is the version of the layout that this package writes and reads.
const Format = 1

const (
	manifestName = "manifest.json"
	statePrefix  = "state/"
	// LockName is the file in the state directory that a running evenkeel holds with flock.
	LockName = "evenkeel.lock"
	// LedgerLockName is the one on which every process that appends to the ledger holds a shared flock.
	LedgerLockName = "ledger.lock"
)

var lockNames = []string{LockName, LedgerLockName}

// probeName is what a worker writes to see whether the disk is full.
const probeName = ".probe"

// keyName and socketName are of one host: a copy on another one must not speak for it. worker/app and internal/config know
// them too.
const (
	keyName    = "host.key"
	socketName = "evenkeel.sock"
)

// Manifest says what a backup holds.
type Manifest struct {
	Format int       `json:"format"`
	MadeAt time.Time `json:"made_at"` // UTC
	Host   string    `json:"host"`
	Files  []File    `json:"files"`
}

// File is one file of a backup.
type File struct {
	Path      string `json:"path"` // below the state directory, with slashes
	SizeBytes int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"` // 64 hexadecimal digits
}

// Bytes is the size of all files.
func (m Manifest) Bytes() int64 {
	var sum int64
	for _, f := range m.Files {
		sum += f.SizeBytes
	}
	return sum
}

// RefusedError says that a backup or a restore must not be done now. Nothing was changed.
type RefusedError struct{ What, Hint string }

// Error returns what stands against it and what to do.
func (e *RefusedError) Error() string { return e.What + "; " + e.Hint }

func refused(hint, format string, args ...any) error {
	return &RefusedError{What: fmt.Sprintf(format, args...), Hint: hint}
}

// DamagedError says that a file is not a whole backup. Nothing was changed.
type DamagedError struct{ Err error }

// Error returns what is wrong with the file.
func (e *DamagedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

func damaged(format string, args ...any) error {
	return &DamagedError{Err: fmt.Errorf(format, args...)}
}

// check refuses a manifest that Create could not have written, above all one whose paths would lead
// out of the state directory.
func (m Manifest) check() error {
	if m.Format > Format {
		return refused("use the evenkeel that made it", "the backup has format %d and this evenkeel reads up to %d", m.Format, Format)
	}
	if m.Format < 1 || len(m.Files) == 0 {
		return damaged("%s lists no files", manifestName)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if f.Path == "." || !filepath.IsLocal(f.Path) || path.Clean(f.Path) != f.Path || strings.ContainsAny(f.Path, "\\\x00") || leftOut(f.Path) {
			return damaged("%s lists %q, which is no file of a state directory", manifestName, f.Path)
		}
		if seen[f.Path] {
			return damaged("%s lists %q twice", manifestName, f.Path)
		}
		seen[f.Path] = true
		// The sum of as many files as a manifest can list stays far below 2^63.
		if f.SizeBytes < 0 || f.SizeBytes > 1<<45 {
			return damaged("%s gives %q the size %d", manifestName, f.Path, f.SizeBytes)
		}
	}
	return nil
}

// leftOut says which files belong to the process that runs and not to the state: its locks, its probe, and what
// SQLite keeps beside a database that is open.
func leftOut(rel string) bool {
	if slices.Contains(lockNames, rel) || rel == probeName || rel == keyName || rel == socketName {
		return true
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if strings.HasSuffix(rel, ".db"+suffix) {
			return true
		}
	}
	return false
}

// syncPath makes what was written to a file, or to the entries of a directory, survive a power
// failure.
func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// stoppable ends a long copy when its context does.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

// Read reads on until the context has ended.
func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
