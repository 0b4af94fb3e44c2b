package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// stateInterval is how often the worker makes sure that its state is still there.
	stateInterval = time.Second
	// goneGrace is how long the rest may take to stop once it is not. Whatever it would still write is lost.
	goneGrace = time.Second
	// probeName is the file that shows whether the disk takes anything. starter/backup knows it too.
	probeName = ".probe"
	// probeBytes are about what one step of a run writes.
	probeBytes = 64 << 10
)

// state are the folder that the process keeps its state in, and files that may not vanish from under it:
// programs go on writing to a file that was removed, and nobody sees that again.
type state struct {
	dir  string
	kept map[string]os.FileInfo
}

// goneError says that the state is not there any more.
type goneError struct{ path, what string }

func (e *goneError) Error() string {
	return fmt.Sprintf("%s %s while this process was using it: what it does from now on would be lost; put the state directory back, or restore a backup, and start again", e.path, e.what)
}

// openState notes what the folder and the files are now.
func openState(dir string, files ...string) (*state, error) {
	s := &state{dir: dir, kept: map[string]os.FileInfo{}}
	for _, path := range append([]string{dir}, files...) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("state directory: %w; set EVENKEEL_STATE to one that can be written", err)
		}
		s.kept[path] = info
	}
	return s, nil
}

// gone says what was removed or replaced. A disk that does not answer is neither.
func (s *state) gone() error {
	if err := s.changed(s.dir); err != nil {
		return err
	}
	for path := range s.kept {
		if err := s.changed(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) changed(path string) error {
	now, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &goneError{path, "was removed"}
	case err == nil && !os.SameFile(now, s.kept[path]):
		return &goneError{path, "was replaced"}
	}
	return nil
}

// watch returns when something is gone.
func (s *state) watch(ctx context.Context) error {
	tick := time.NewTicker(stateInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.gone(); err != nil {
				return err
			}
		}
	}
}

// check says whether the state is there and the disk takes more of it.
func (s *state) check(context.Context) error {
	if err := s.gone(); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return fmt.Errorf("the disk of %s takes nothing: %w", s.dir, err)
	}
	return nil
}

// write writes a file down to the disk and removes it again. It has one name, so that a process that was
// killed meanwhile leaves one at most.
func (s *state) write() error {
	f, err := os.OpenFile(filepath.Join(s.dir, probeName), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, probeBytes))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if err = os.Remove(f.Name()); errors.Is(err, fs.ErrNotExist) { // another process of this state was quicker
		return nil
	}
	return err
}
