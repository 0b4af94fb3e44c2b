package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func stateIn(t *testing.T, dir string) (*state, string) {
	t.Helper()
	file := filepath.Join(dir, "temporal.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s, err := openState(dir, file)
	require.NoError(t, err)
	return s, file
}

func TestStateIsThere(t *testing.T) {
	dir := t.TempDir()
	s, file := stateIn(t, dir)
	require.NoError(t, s.check(t.Context()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "the check leaves nothing")
	require.NoError(t, os.WriteFile(file, []byte("more"), 0o600)) // it may change
	require.NoError(t, s.check(t.Context()))
	_, err = openState(dir, filepath.Join(dir, "none"))
	require.ErrorContains(t, err, "set EVENKEEL_STATE")
}

func TestStateThatIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir, file string)
		want string
	}{
		"the folder was removed": {func(t *testing.T, dir, _ string) { require.NoError(t, os.RemoveAll(dir)) }, "state was removed while"},
		"another folder": {func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Rename(dir, dir+".old"))
			require.NoError(t, os.Mkdir(dir, 0o700))
		}, "state was replaced while"},
		"the file was removed": {func(t *testing.T, _, file string) { require.NoError(t, os.Remove(file)) }, "temporal.db was removed while"},
		"another file": {func(t *testing.T, _, file string) {
			require.NoError(t, os.Rename(file, file+".old"))
			require.NoError(t, os.WriteFile(file, nil, 0o600))
		}, "temporal.db was replaced while"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			require.NoError(t, os.Mkdir(dir, 0o700))
			s, file := stateIn(t, dir)
			watched := make(chan error, 1)
			go func() { watched <- s.watch(t.Context()) }()
			c.do(t, dir, file)
			require.ErrorContains(t, s.check(t.Context()), c.want)
			select {
			case err := <-watched:
				require.ErrorContains(t, err, c.want)
			case <-time.After(10 * stateInterval):
				t.Fatal("nobody noticed")
			}
		})
	}
}

func TestStateIsWatchedUntilTheEnd(t *testing.T) {
	s, _ := stateIn(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 2*stateInterval+stateInterval/2)
	defer cancel()
	require.NoError(t, s.watch(ctx))
	require.Error(t, ctx.Err())
}

// A disk that is full is noticed, and is well again when there is room.
func TestStateOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("only root may mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	s, _ := stateIn(t, dir)
	require.NoError(t, s.check(t.Context()))
	filler := filepath.Join(dir, "filler")
	_ = os.WriteFile(filler, make([]byte, 2<<20), 0o600) // as much of it as there is room for
	err := s.check(t.Context())
	require.ErrorIs(t, err, unix.ENOSPC)
	require.ErrorContains(t, err, "the disk of "+dir+" takes nothing")
	require.NoFileExists(t, filepath.Join(dir, probeName))
	require.NoError(t, os.Remove(filler))
	require.NoError(t, s.check(t.Context()))
}
