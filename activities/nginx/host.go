package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/reach"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

const (
	// testWithin bounds a test of the configuration, which looks up host names.
	testWithin = 30 * time.Second
	// maxWords is how much of nginx's own words is kept, in bytes.
	maxWords = 4 << 10
)

// host is an nginx on this machine.
type host struct{ config, pidFile string }

// HostProcess returns the nginx of this machine that runs with the configuration file config and
// writes the process id of its master into pidFile. The program is looked for on PATH; the caller
// must be allowed to signal it.
func HostProcess(config, pidFile string) Process { return &host{config: config, pidFile: pidFile} }

func (h *host) Test(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, testWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nginx", "-T", "-c", h.config)
	cmd.WaitDelay = time.Second
	config, err := cmd.Output() // which keeps no more than the ends of a long standard error
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(config), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("nginx -t: %w", ctx.Err())
	case errors.As(err, &exit):
		said := exit.Stderr[:min(len(exit.Stderr), maxWords)]
		return "", activities.Fail(activities.PreconditionFailed, fmt.Errorf("nginx -t: %w: %s", err, bytes.TrimSpace(said)))
	default:
		return "", activities.Fail(activities.NotFound, fmt.Errorf("nginx -t: %w", err))
	}
}

func (h *host) Reload(context.Context) error {
	master, err := h.master()
	if err != nil {
		return err
	}
	if master == nil {
		return h.down()
	}
	defer master.Release()
	if err := master.Signal(syscall.SIGHUP); err != nil {
		return failed("reload nginx", err)
	}
	return nil
}

// Place is the host itself, whose namespace this process is taken to share: HostProcess reads its files
// and signals it.
func (h *host) Place(context.Context) (scaling.Place, error) {
	master, err := h.master()
	if err != nil {
		return scaling.Place{}, err
	}
	if master == nil {
		return scaling.Place{}, h.down()
	}
	master.Release()
	return scaling.Place{OnHost: true}, nil
}

func (h *host) Reach(ctx context.Context, addresses []string) error {
	if err := reach.Check(addresses); err != nil {
		return activities.Fail(activities.InvalidInput, err)
	}
	failures, err := reach.Each(ctx, addresses, reach.Here)
	if err != nil {
		return fmt.Errorf("look whether nginx reaches its members: %w", err)
	}
	return activities.Fail(activities.PreconditionFailed, reach.Error(failures))
}

func (h *host) down() error {
	return activities.Fail(activities.Unavailable, activities.RouterDown(fmt.Sprintf("nginx does not run: %s names no nginx master", h.pidFile)))
}

func (h *host) Workers(context.Context) ([]int, error) {
	master, err := h.master()
	if master == nil || err != nil {
		return nil, err
	}
	defer master.Release()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("workers of nginx: %w", err)
	}
	var workers []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && titled(pid, "nginx: worker process") && parent(pid) == master.Pid {
			workers = append(workers, pid)
		}
	}
	slices.Sort(workers)
	return workers, nil
}

// master returns a hold on the running master, nil when there is none. The hold is taken before the
// title is read, so that a signal reaches the process that was looked at, or nobody; a stale pid
// file never leads to a stranger.
func (h *host) master() (*os.Process, error) {
	text, err := textfile.Read(h.pidFile, textfile.Small)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("read nginx's pid file", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 0 {
		return nil, nil // `nginx -t` leaves an empty file where there was none
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("nginx's master: %w", err)
	}
	if !titled(pid, "nginx: master process") {
		process.Release()
		return nil, nil
	}
	return process, nil
}

// titled says whether a process lives under a title that begins so; a zombie has none.
func titled(pid int, title string) bool {
	cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return err == nil && bytes.HasPrefix(cmdline, []byte(title))
}

// parent returns the process id of a process's parent, 0 when the process is gone.
func parent(pid int) (ppid int) {
	stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	// "pid (name) state ppid …", where the name may hold anything.
	var state rune
	_, _ = fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %c %d", &state, &ppid) // 0 is the answer then
	return ppid
}
