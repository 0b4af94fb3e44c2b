// Package nginx keeps the upstream files of one nginx, in a container or on the host, and reloads
// it. An upstream of evenkeel is one file, NAME.conf, in a folder that nginx.conf includes; every
// other file in that folder belongs to a person and is never touched.
package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Process is a running nginx. dockerd has the one in a container, HostProcess is the one on the host.
type Process interface {
	// Test asks nginx whether it accepts its configuration as it lies on the disk, and returns that
	// configuration with everything that it includes, which may hold secrets. A refusal is
	// PreconditionFailed and holds nginx's own words.
	Test(ctx context.Context) (config string, err error)
	// Reload makes nginx read its configuration and returns before it has done so. An nginx that
	// does not run is Unavailable.
	Reload(ctx context.Context) error
	// Workers returns the process ids of the workers, those that are shutting down included. An
	// nginx that does not run has none.
	Workers(ctx context.Context) ([]int, error)
	// Place and Reach are those of activities.Nginx.
	Place(ctx context.Context) (scaling.Place, error)
	Reach(ctx context.Context, addresses []string) error
}

const (
	// startWithin is how long nginx may take from the signal to the first new worker. It resolves
	// every host name of its configuration before that.
	startWithin = 10 * time.Second
	pollEvery   = 10 * time.Millisecond
)

// Router writes the managed upstreams of one nginx. It implements activities.Nginx.
type Router struct {
	dir     string
	process Process
}

// New returns the router whose upstream files lie in dir, which nginx.conf includes as *.conf.
func New(dir string, process Process) *Router { return &Router{dir: dir, process: process} }

// Apply makes servers ("172.18.0.3:8080", IP addresses only) the members of a managed upstream,
// tests the configuration, reloads nginx once and waits until a new worker serves. It returns the
// workers from before the reload, which may still hold requests to earlier members.
//
// It always reloads, because an earlier call may have died between the file and the reload. A bad
// name or address is InvalidInput, a folder that is not there NotFound, a file that a person wrote
// Conflict, and a configuration that nginx refuses PreconditionFailed. With an error that is not retried the
// old file is put back.
func (r *Router) Apply(ctx context.Context, upstream string, servers []string) ([]int, error) {
	text, err := render(upstream, servers)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, r.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }() // the lock ends with its file, whatever close says
	putBack, err := r.install(ctx, r.path(upstream), text)
	if err != nil {
		return nil, err
	}
	before, err := r.process.Workers(ctx)
	if err == nil {
		err = r.process.Reload(ctx)
	}
	if activities.Final(err) {
		// Nobody tries again, and any later reload would take the file.
		return nil, takenBack(err, putBack)
	}
	if err != nil {
		return nil, err
	}
	if err := r.awaitNew(ctx, before); err != nil {
		return nil, err
	}
	return before, nil
}

// install puts a file in place, or what was there before when nginx does not accept it. It returns what puts that
// back later.
func (r *Router) install(ctx context.Context, path string, text []byte) (putBack func() error, err error) {
	old, err := readFile(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	switch {
	case isNew:
	case err != nil:
		return nil, failed("read the upstream", err)
	case !managed(old):
		return nil, foreign(path)
	}
	putBack = func() error {
		if isNew {
			return errors.Join(os.Remove(path), syncDir(path))
		}
		return replace(path, old)
	}
	if err := replace(path, text); err != nil {
		return nil, failed("write the upstream", err)
	}
	config, refused := r.process.Test(ctx)
	if refused == nil && strings.Contains(config, string(text)) {
		return putBack, nil
	}
	if refused == nil {
		// Without this the change would have no effect, and nobody would be told.
		refused = activities.Fail(activities.PreconditionFailed, fmt.Errorf(
			"nginx does not read %s; its http block needs an include of that folder's *.conf, and its container the folder as a mount", path))
	}
	return nil, takenBack(refused, putBack)
}

// takenBack is why a file did not stay, after what was there before has been put back.
func takenBack(why error, putBack func() error) error {
	if err := putBack(); err != nil {
		// Tried again: only a later attempt can say that the router has what it had.
		return activities.Fail(activities.Unavailable, fmt.Errorf("%w; and the old file of the upstream could not be put back: %w", why, err))
	}
	return why
}

// awaitNew waits for a worker that was not there before: only then has nginx taken the new file. The
// old workers are told to finish a moment later; that they still take requests is why Apply names
// them.
func (r *Router) awaitNew(ctx context.Context, before []int) error {
	deadline := time.Now().Add(startWithin)
	for {
		now, err := r.process.Workers(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(now, func(pid int) bool { return !slices.Contains(before, pid) }) {
			return nil
		}
		if time.Now().After(deadline) {
			return activities.Fail(activities.Unavailable, errors.New("nginx did not start new workers; its error log says why"))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for new nginx workers: %w", ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// Serving returns those of workers that are still alive, in order of their process id; none where nginx does not
// run, as its processes are gone then.
func (r *Router) Serving(ctx context.Context, workers []int) ([]int, error) {
	if len(workers) == 0 {
		return nil, nil
	}
	alive, err := r.process.Workers(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(alive, func(pid int) bool { return !slices.Contains(workers, pid) }), nil
}

// Members returns the members of a managed upstream as its file has them, none where there is no file.
// A bad name is InvalidInput, a file that a person wrote Conflict, a folder that is not there NotFound.
func (r *Router) Members(upstream string) ([]string, error) {
	if err := checkName(upstream); err != nil {
		return nil, err
	}
	text, err := readFile(r.path(upstream))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(r.dir); err != nil {
			return nil, failed("the folder of the upstreams", err)
		}
		return nil, nil
	case err != nil:
		return nil, failed("read the upstream", err)
	case !managed(text):
		return nil, foreign(r.path(upstream))
	}
	return members(text), nil
}

// Place says where nginx stands on the host's networks. One that does not run is Unavailable, one
// that is not there NotFound.
func (r *Router) Place(ctx context.Context) (scaling.Place, error) { return r.process.Place(ctx) }

// Reach opens a TCP connection to each address from where nginx stands. One that does not answer is
// PreconditionFailed with its address; activities.ErrNoWayIn says that this process cannot look from
// there.
func (r *Router) Reach(ctx context.Context, addresses []string) error {
	return r.process.Reach(ctx, addresses)
}

func foreign(path string) error {
	return activities.Fail(activities.Conflict, fmt.Errorf("%s was not written by evenkeel; move it away or make %q its first line", path, mark))
}

func (r *Router) path(upstream string) string { return filepath.Join(r.dir, upstream+".conf") }
