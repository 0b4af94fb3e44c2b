package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Runner = (*Runner)(nil)

// script writes a program and returns its path. What it is to tell the test it writes to files beside it.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	// A program that another test starts meanwhile would inherit the open file, and the kernel runs none that is
	// open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\ncd "+filepath.Dir(path)+"\n"+text+"\n"), 0o700))
	return path
}

func beside(t *testing.T, program, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(program), name))
	require.NoError(t, err)
	return string(data)
}

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, "%v", err)
}

// eventually waits until a program has written a file.
func eventually(t *testing.T, program, name string) {
	t.Helper()
	require.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(filepath.Dir(program), name))
		return err == nil && info.Size() > 0
	}, 30*time.Second, 5*time.Millisecond)
}

func TestExitStatus(t *testing.T) {
	for _, status := range []int{0, 1, 3, 255} {
		got, err := New("").Run(t.Context(), []string{script(t, "echo out; echo err >&2; exit "+strconv.Itoa(status))})
		require.NoError(t, err)
		require.Equal(t, status, got)
	}
}

// What it gets is the list of its arguments, and nothing of the worker.
func TestWhatAProgramGets(t *testing.T) {
	t.Setenv("EVENKEEL_ADMIN_TOKEN", "s3cret")
	t.Setenv("LANG", "C.UTF-8")
	program := script(t, `for a in "$@"; do printf '<%s>' "$a"; done > args
cat > stdin
env | sed 's/=.*//' | sort > env
ls -l /proc/$$/fd > fds
cut -d' ' -f5 /proc/$$/stat > group; echo $$ > pid`)
	status, err := New("").Run(t.Context(), []string{program, "a b", "$HOME", "`id`", "", "*", "; exit 7"})
	require.NoError(t, err)
	require.Zero(t, status)
	require.Equal(t, "<a b><$HOME><`id`><><*><; exit 7>", beside(t, program, "args"))
	require.Empty(t, beside(t, program, "stdin"))
	names := strings.Fields(beside(t, program, "env"))
	require.Contains(t, names, "PATH")
	require.Contains(t, names, "LANG")
	require.NotContains(t, names, "EVENKEEL_ADMIN_TOKEN")
	require.NotContains(t, names, "HOME")
	require.Equal(t, beside(t, program, "pid"), beside(t, program, "group"), "a group of its own")
	require.NotContains(t, beside(t, program, "fds"), "socket:")
}

func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	garbage, plain := filepath.Join(dir, "garbage"), filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(garbage, []byte("\x00\x01\x02"), 0o700))
	require.NoError(t, os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600))
	for argv0, class := range map[string]string{
		dir + "/gone": activities.NotFound, plain: activities.PermissionDenied, garbage: activities.InvalidInput,
	} {
		_, err := New("").Run(t.Context(), []string{argv0})
		requireClass(t, class, err)
	}
	_, err := New("").Run(t.Context(), nil)
	requireClass(t, activities.InvalidInput, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	program := script(t, "echo > ran")
	_, err = New("").Run(ctx, []string{program})
	require.ErrorIs(t, err, activities.ErrNotSent)
	require.NoFileExists(t, filepath.Join(filepath.Dir(program), "ran"))
}

// The program goes down with what it has started, whether they heed SIGTERM or not.
func TestKilledWithItsChildren(t *testing.T) {
	for name, trap := range map[string]string{"heeds": "", "does not heed": "trap '' TERM"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := script(t, trap+"\n(sleep 300; echo) & echo $! > child\necho $$ > self\nwait; sleep 300")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := New("")
			r.leaveWithin = 200 * time.Millisecond
			result := make(chan error, 1)
			go func() {
				_, err := r.Run(ctx, []string{program})
				result <- err
			}()
			eventually(t, program, "self")
			cancel()
			select {
			case err := <-result:
				requireClass(t, activities.Unknown, err)
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(30 * time.Second):
				require.Fail(t, "it was not killed")
			}
			for _, file := range []string{"self", "child"} {
				pid, err := strconv.Atoi(strings.TrimSpace(beside(t, program, file)))
				require.NoError(t, err)
				require.Eventually(t, func() bool { return gone(pid) }, 30*time.Second, 10*time.Millisecond, file)
			}
		})
	}
}

// What has left the group is ended as well; what was given another environment cannot be found, and the error says so.
func TestWhatLeftTheGroup(t *testing.T) {
	for name, c := range map[string]struct {
		starts string
		lives  bool
	}{"a session of its own": {"setsid sleep 300", false}, "an environment of its own": {"env -i setsid sleep 300", true}} {
		t.Run(name, func(t *testing.T) {
			program := script(t, c.starts+" & echo $! > child\nwait")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() {
				_, err := New("").Run(ctx, []string{program})
				result <- err
			}()
			eventually(t, program, "child")
			pid, err := strconv.Atoi(strings.TrimSpace(beside(t, program, "child")))
			require.NoError(t, err)
			defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
			require.Eventually(t, func() bool {
				group, err := syscall.Getpgid(pid)
				return err == nil && group == pid
			}, 30*time.Second, 5*time.Millisecond)
			cancel()
			require.EqualError(t, <-result, program+" was killed before it ended: context canceled; a process that it started with an environment of its own may still run")
			if c.lives {
				require.False(t, gone(pid))
				return
			}
			require.Eventually(t, func() bool { return gone(pid) }, 30*time.Second, 5*time.Millisecond)
		})
	}
}

// gone says whether a process has ended; whoever adopted it may not have looked yet.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestGraceOfSIGTERM(t *testing.T) {
	program := script(t, "trap 'echo bye > said; exit 0' TERM\necho $$ > self\nwhile :; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := New("").Run(ctx, []string{program})
		result <- err
	}()
	eventually(t, program, "self")
	cancel()
	requireClass(t, activities.Unknown, <-result)
	require.Equal(t, "bye\n", beside(t, program, "said"))
}

// One that somebody else has killed may have done anything.
func TestKilledByASignal(t *testing.T) {
	_, err := New("").Run(t.Context(), []string{script(t, "kill -9 $$")})
	requireClass(t, activities.Unknown, err)
	require.ErrorContains(t, err, "signal: killed; what it started may still run")
}

// Nobody reads what it writes, and it does not wait for that.
func TestEndlessOutput(t *testing.T) {
	status, err := New("").Run(t.Context(), []string{script(t, "head -c 10000000 /dev/zero")})
	require.NoError(t, err)
	require.Zero(t, status)
}
