package backup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// restoreHere makes this process restore and say so; the tests below kill it.
const restoreHere = "EVENKEEL_TEST_RESTORE"

func TestMain(m *testing.M) {
	if file, dir, ok := strings.Cut(os.Getenv(restoreHere), "|"); ok {
		fmt.Println("begin")
		if _, err := Restore(context.Background(), file, dir, true, noon); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A restore that is killed at any instant leaves the old state or the new, whole, and its lock free.
func TestKilledRestore(t *testing.T) {
	const files = 12
	large := strings.Repeat("0123456789abcdef", 1<<12)
	fresh, old := map[string]string{}, map[string]string{"x": "old", "deep/y": "more"}
	for i := range files {
		fresh[fmt.Sprintf("d%d/f%d", i%3, i)] = fmt.Sprint(i) + large
	}
	file := backUp(t, stateDir(t, fresh))
	self, err := os.Executable()
	require.NoError(t, err)
	var kept, replaced int
	// The limits beyond the number of files kill it while it puts the new state in place.
	for limit := 0; limit <= files+6; limit += 2 {
		dir := stateDir(t, old)
		child := restoring(t, self, file, dir)
		deadline := time.Now().Add(time.Minute)
		for unpacked(t, dir) < limit && time.Now().Before(deadline) {
			time.Sleep(100 * time.Microsecond)
		}
		_ = child.Process.Kill() // it may have ended
		_ = child.Wait()
		if got := contents(t, dir); len(got) == len(old) {
			require.Equal(t, old, got)
			kept++
		} else {
			require.Equal(t, fresh, got)
			require.Equal(t, old, contents(t, dir+".before-20260301T120000Z"))
			replaced++
		}
		_, err := Restore(t.Context(), file, dir, true, noon.Add(time.Minute))
		require.NoError(t, err, "what a killed restore leaves must not stand in the way of the next")
		require.Equal(t, fresh, contents(t, dir))
	}
	t.Logf("%d kept the old state, %d had the new", kept, replaced)
	require.Positive(t, kept)
}

// unpacked counts the files that a restore has written so far; a restore that is over has written
// more than any limit.
func unpacked(t *testing.T, dir string) int {
	t.Helper()
	if _, err := os.Stat(dir + ".before-20260301T120000Z"); err == nil {
		return 1 << 20
	}
	found, err := filepath.Glob(dir + ".restoring-*/*/f*")
	require.NoError(t, err)
	return len(found)
}

func restoring(t *testing.T, self, file, dir string) *exec.Cmd {
	t.Helper()
	child := exec.Command(self)
	child.Env = append(os.Environ(), restoreHere+"="+file+"|"+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	_, err = out.Read(make([]byte, 16)) // it has begun
	require.NoError(t, err)
	return child
}

// A restore that is stopped by Ctrl-C cleans up behind itself.
func TestCancelledRestore(t *testing.T) {
	file := backUp(t, stateDir(t, map[string]string{"x": strings.Repeat("new", 1000)}))
	dir := stateDir(t, map[string]string{"x": "old"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Restore(ctx, file, dir, true, noon)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, map[string]string{"x": "old"}, contents(t, dir))
	require.Len(t, entries(t, filepath.Dir(dir)), 1)
}

// Where two directories cannot change names, the old state stays where it is.
func TestExchangeFails(t *testing.T) {
	dir := stateDir(t, map[string]string{"x": "old"})
	fresh := stateDir(t, map[string]string{"x": "new"})
	old, err := claim(dir)
	require.NoError(t, err)
	defer old.release()
	require.NoError(t, os.Rename(dir, dir+".moved")) // so that the exchange finds no partner
	_, err = put(fresh, dir, old, noon)
	require.ErrorContains(t, err, "restore without --replace")
	require.Equal(t, map[string]string{"x": "old"}, contents(t, dir+".moved"))
	require.NoDirExists(t, dir+".before-20260301T120000Z")
}
