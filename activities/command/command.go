// Package command runs programs of this host for runbooks: those that the configuration lists, and with
// as little of the worker around them as can be.
package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// leaveWithin is how long a program may take to end after SIGTERM, before SIGKILL.
const leaveWithin = 5 * time.Second

// kept are the variables of the worker's environment that a program gets. Any other may hold a secret.
var kept = []string{"PATH", "LANG"}

// Runner runs programs. It implements activities.Runner.
type Runner struct {
	leaveWithin time.Duration
	// dir holds a note of each program at work.
	dir string
}

// New returns a runner that leaves a note of each program at work in a folder, for EndLeftovers. Without a folder it
// leaves none.
func New(dir string) *Runner { return &Runner{leaveWithin: leaveWithin, dir: dir} }

// Run runs argv without a shell, in the folder / and in a process group of its own, and returns its exit
// status. It reads nothing and what it writes is dropped, because it may hold secrets. When ctx ends first
// the whole group gets SIGTERM and, after 5 seconds, SIGKILL, and so does what has left the group; then nobody knows how
// far it came, which is Unknown. So is a program that a signal has ended. One that does not exist is NotFound, one that
// may not be run PermissionDenied, one that is no program InvalidInput; any other that cannot be started is marked with
// activities.ErrNotSent.
func (r *Runner) Run(ctx context.Context, argv []string) (status int, err error) {
	if len(argv) == 0 {
		return 0, activities.Fail(activities.InvalidInput, errors.New("no program is named"))
	}
	if err := ctx.Err(); err != nil {
		return 0, activities.NotSent(err)
	}
	n, err := begin(r.dir)
	defer n.end()
	if err != nil {
		return 0, activities.NotSent(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{markName + "=" + n.mark}
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	// A program does not outlive the worker, which may have died in the middle of it: what is done next, such as an undo,
	// must not meet it. The kernel watches the thread that started it. What the program has started the next worker ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, notStarted(err)
	}
	var result error
	ended := make(chan struct{})
	go func() {
		result = cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		r.kill(cmd.Process.Pid, n.mark, ended)
		return 0, activities.Fail(activities.Unknown, fmt.Errorf("%s was killed before it ended: %w; %s", argv[0], ctx.Err(), left))
	}
	exit, failed := errors.AsType[*exec.ExitError](result)
	switch {
	case result == nil:
		return 0, nil
	case failed && exit.Exited():
		return exit.ExitCode(), nil
	default:
		return 0, activities.Fail(activities.Unknown, fmt.Errorf("%s: %w; what it started may still run", argv[0], result))
	}
}

// left says what a kill does not reach. Nothing tells such a process from others of the same user.
const left = "a process that it started with an environment of its own may still run"

// kill ends the group of a program, and then whatever else has its mark. The kernel gives the number of a group to no
// other as long as one process is in it, and not soon again after that.
func (r *Runner) kill(group int, mark string, ended <-chan struct{}) {
	_ = syscall.Kill(-group, syscall.SIGTERM) // it may be gone
	select {
	case <-ended:
	case <-time.After(r.leaveWithin):
	}
	_ = syscall.Kill(-group, syscall.SIGKILL) // what did not heed SIGTERM, the program's own children too
	<-ended
	_, _ = sweep(mark) // what is not found may still run, and the error says so
}

func notStarted(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return activities.Fail(activities.NotFound, err)
	case errors.Is(err, fs.ErrPermission):
		return activities.Fail(activities.PermissionDenied, err)
	case errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.E2BIG), errors.Is(err, syscall.EINVAL):
		return activities.Fail(activities.InvalidInput, err)
	default:
		return activities.NotSent(err)
	}
}
