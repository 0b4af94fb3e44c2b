package nginx

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// Whoever may write into the folder leads no write elsewhere and holds none up.
func TestStrangeFilesInTheFolder(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("secret"), 0o600))
	for _, name := range []string{".app.conf.new", ".app.conf.new1"} {
		require.NoError(t, os.Symlink(victim, filepath.Join(f.dir, name)))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(f.dir, ".app.conf.new2"), 0o600))
	_, err := r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.NoError(t, err)
	require.Equal(t, "secret", string(read(t, victim)))
	info, err := os.Stat(victim)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	left, err := filepath.Glob(filepath.Join(f.dir, ".app*"))
	require.NoError(t, err)
	require.Empty(t, left)

	path := filepath.Join(f.dir, "other.conf")
	for _, put := range []func() error{
		func() error { return syscall.Mkfifo(path, 0o600) },
		func() error { return os.WriteFile(path, make([]byte, maxFile+1), 0o600) },
		func() error { return os.Symlink("/dev/zero", path) },
	} {
		require.NoError(t, put())
		_, err = r.Members("other")
		requireClass(t, activities.Conflict, err)
		_, err = r.Apply(t.Context(), "other", []string{"10.0.0.1:80"})
		requireClass(t, activities.Conflict, err)
		require.NoError(t, os.Remove(path))
	}

	require.NoError(t, os.Remove(filepath.Join(f.dir, lockFile)))
	require.NoError(t, os.Symlink(victim, filepath.Join(f.dir, lockFile)))
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.ErrorIs(t, err, syscall.ELOOP)
}

func TestLockOfAnother(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(t.Context(), dir)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(dir, lockFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode(), "nobody else can open it, and so hold it")

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = lock(short, dir)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, unlock())
	unlock, err = lock(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, unlock())
}
