package command

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A worker that starts ends what one before it left: the program's own children too, and nothing else.
func TestLeftovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "commands")
	ended, err := EndLeftovers(dir)
	require.NoError(t, err)
	require.Zero(t, ended)
	start := func(environment ...string) *exec.Cmd {
		cmd := exec.Command("setsid", "--wait", "sleep", "300")
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environment...)
		require.NoError(t, cmd.Start())
		go func() { _ = cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd
	}
	dead, err := begin(dir)
	require.NoError(t, err)
	alive, err := begin(dir)
	require.NoError(t, err)
	left, works, other := start(markName+"="+dead.mark), start(markName+"="+alive.mark), start(markName+"="+dead.mark+"X")
	require.NoError(t, dead.file.Close()) // as the kernel does when the worker dies

	ended, err = EndLeftovers(dir)
	require.NoError(t, err)
	require.Positive(t, ended)
	require.Eventually(t, func() bool { return gone(left.Process.Pid) }, 30*time.Second, 5*time.Millisecond)
	require.False(t, gone(works.Process.Pid), "its worker lives")
	require.False(t, gone(other.Process.Pid))
	notes, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, notes, 1)
	alive.end()
	notes, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, notes)
}

// A program that ends leaves no note, and what it has started on purpose lives on.
func TestNoNoteIsLeft(t *testing.T) {
	dir := t.TempDir()
	program := script(t, "setsid sleep 300 & echo $! > child")
	status, err := New(dir).Run(context.Background(), []string{program})
	require.NoError(t, err)
	require.Zero(t, status)
	notes, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, notes)
	ended, err := EndLeftovers(dir)
	require.NoError(t, err)
	require.Zero(t, ended)
	daemon := exec.Command("kill", strings.TrimSpace(beside(t, program, "child")))
	require.NoError(t, daemon.Run(), "it was still there")
	_, err = New(filepath.Join(dir, "nowhere")).Run(context.Background(), []string{program})
	require.Error(t, err)
}
