package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Restored is what a restore did.
type Restored struct {
	Manifest Manifest `json:"manifest"`
	StateDir string   `json:"state_dir"`
	// MovedTo is where the state from before now lies; empty when there was none.
	MovedTo string `json:"moved_to,omitempty"`
}

// Restore puts the backup in file into the state directory dir. State that is there already is
// refused without replace, and else moved aside. All of the backup is checked in a directory beside
// dir before dir is touched, and one step of the file system puts it in place: after a crash at any
// instant dir is wholly the old state or wholly the new. What an interrupted restore leaves is
// called <dir>.restoring-* and may be deleted. Errors are a *RefusedError, a *DamagedError,
// fs.ErrNotExist when there is no backup, or that of the file system.
func Restore(ctx context.Context, file, dir string, replace bool, now time.Time) (Restored, error) {
	// A state directory that is a link to another disk stays one.
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	old, err := claim(dir)
	if err != nil {
		return Restored{}, err
	}
	defer old.release()
	if old.holds && !replace {
		return Restored{}, refused("use --replace to move it aside", "%s holds state already", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return Restored{}, fmt.Errorf("state directory: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".restoring-*")
	if err != nil {
		return Restored{}, fmt.Errorf("beside the state directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	manifest, err := extract(ctx, file, fresh)
	if err != nil {
		return Restored{}, err
	}
	if err := errors.Join(old.own(fresh), syncTree(fresh)); err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	aside, err := put(fresh, dir, old, now)
	if err != nil {
		return Restored{}, fmt.Errorf("put %s in place: %w", dir, err)
	}
	return Restored{Manifest: manifest, StateDir: dir, MovedTo: aside}, nil
}

// put makes fresh the state directory and returns where the old state lies.
func put(fresh, dir string, old *former, now time.Time) (aside string, err error) {
	if old.info == nil {
		if err := os.Rename(fresh, dir); err != nil {
			return "", err
		}
		return "", syncPath(filepath.Dir(dir))
	}
	// The new state takes the name that the old one will have and then the two change names at once.
	aside = dir + ".before-" + now.UTC().Format("20060102T150405Z")
	if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
		return "", refused("move it away", "%s is there already", aside)
	}
	if err := os.Rename(fresh, aside); err != nil {
		return "", err
	}
	if err := exchange(aside, dir); err != nil {
		return "", errors.Join(fmt.Errorf("move it aside yourself and restore without --replace: %w", err), os.RemoveAll(aside))
	}
	if !old.holds {
		return "", errors.Join(os.RemoveAll(aside), syncPath(filepath.Dir(dir)))
	}
	return aside, syncPath(filepath.Dir(dir))
}

func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() { // files were synced when they were written
			err = syncPath(name)
		}
		return err
	})
}
