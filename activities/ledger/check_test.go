package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// check leaves nothing behind, keeps nobody from appending, and says no while somebody else has the head.
func (s *site) check() {
	store := s.open()
	for range 3 {
		require.NoError(s.t, store.Check(s.t.Context()))
	}
	page, err := store.Read(s.t.Context(), ledger.Filter{})
	require.NoError(s.t, err)
	require.Empty(s.t, page)
	s.fill(store, 1)

	other := s.open()
	tx, err := other.writes.BeginTx(s.t.Context(), nil)
	require.NoError(s.t, err)
	_, err = headRow(s.t.Context(), tx, other.lock)
	require.NoError(s.t, err)
	short, cancel := context.WithTimeout(s.t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Error(s.t, store.Check(short))
	require.NoError(s.t, tx.Rollback())
	require.NoError(s.t, store.Check(s.t.Context()))
	require.NoError(s.t, store.Close())
	require.Error(s.t, store.Check(s.t.Context()))
}

func TestCheckSeesThatTheFileIsGone(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(t.Context(), Options{StateDir: dir})
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Check(t.Context()))
	require.Equal(t, filepath.Join(dir, "ledger.db"), store.File())

	require.NoError(t, os.Rename(store.File(), store.File()+".aside"))
	err = store.Check(t.Context())
	fault, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok)
	require.Equal(t, activities.Unavailable, fault.Class)
	require.ErrorContains(t, err, "no such file")
	require.NoError(t, os.WriteFile(store.File(), nil, 0o600))
	require.ErrorContains(t, store.Check(t.Context()), "another file was put in its place")
	require.NoError(t, os.Rename(store.File()+".aside", store.File()))
	require.NoError(t, store.Check(t.Context()))
}

// A ledger to which nothing is appended is not well, whoever asks: here the database was removed, and its anchor was not.
func TestCheckSeesThatTheLedgerWasTamperedWith(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(t.Context(), Options{StateDir: dir})
	require.NoError(t, err)
	_, err = store.Append(t.Context(), ledger.Draft{Key: "a", At: "2026-01-01T00:00:00Z", Kind: "k", Data: "{}"})
	require.NoError(t, err)
	head, err := store.Follow(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), head.Seq)
	require.NoError(t, store.Close())
	files, err := filepath.Glob(filepath.Join(dir, "ledger.db*"))
	require.NoError(t, err)
	for _, file := range files {
		require.NoError(t, os.Remove(file))
	}
	store, err = Open(t.Context(), Options{StateDir: dir})
	require.NoError(t, err, "it can be read and verified all the same")
	defer store.Close()
	_, followed := store.Follow(t.Context())
	for _, err := range []error{store.Check(t.Context()), followed} {
		fault, ok := errors.AsType[*activities.Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, activities.PreconditionFailed, fault.Class)
		require.ErrorContains(t, err, "the ledger was tampered with")
	}
}
