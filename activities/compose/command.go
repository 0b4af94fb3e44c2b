package compose

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	// askWithin bounds a command that only reads.
	askWithin = time.Minute
	// upWithin bounds the start of one replica, the pull of its image included.
	upWithin = 10 * time.Minute
	// maxOutput is how much of the end of the command's words is kept in an error, in bytes.
	maxOutput = 4 << 10
)

// Version returns the version of Compose, such as "5.6.0". Where it cannot be run the error is
// NotFound.
func (f *File) Version(ctx context.Context) (string, error) {
	out, err := f.run(ctx, askWithin, "version", "--short")
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		// `docker` is there and does not know `compose`.
		return "", notInstalled(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(out), "v"), err
}

// Up brings a service from no replica to one without touching any other service, nor a replica that
// there is. A service that the file does not have is NotFound; a port that is taken is
// PreconditionFailed. When the start fails, Compose leaves the container behind in state created; the
// next Up starts that one.
func (f *File) Up(ctx context.Context, service string) error {
	_, err := f.onProject(ctx, upWithin, "up", "-d", "--no-deps", "--no-recreate", "--scale", service+"=1", service)
	return err
}

// onProject runs a command of Compose on the file and gives its failure a class.
func (f *File) onProject(ctx context.Context, within time.Duration, args ...string) (string, error) {
	out, err := f.run(ctx, within, append([]string{"-p", f.project, "-f", f.path}, args...)...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil {
		return out, err
	}
	// Docker without Compose complains of the arguments that it does not know, each release in
	// its own words: ask it for something that needs no project.
	if _, err := f.Version(ctx); err != nil {
		return "", err
	}
	for _, known := range []struct{ text, class string }{
		{"no such service", activities.NotFound},
		{"port is already allocated", activities.PreconditionFailed},
		{"address already in use", activities.PreconditionFailed},
		{"permission denied while trying to connect", activities.PermissionDenied},
	} {
		if strings.Contains(strings.ToLower(err.Error()), known.text) {
			return "", activities.Fail(known.class, err)
		}
	}
	return "", err
}

// run runs Compose and returns what it wrote to stdout. The error of a command that failed holds the
// end of what it wrote to stderr.
func (f *File) run(ctx context.Context, within time.Duration, args ...string) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	args = append(slices.Clone(f.command[1:]), args...)
	cmd := exec.CommandContext(bounded, f.command[0], args...)
	cmd.Dir = filepath.Dir(f.path)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// Compose finishes or takes back what it is doing when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	doing := strings.Join(f.command, " ")
	switch {
	case err == nil:
		return stdout.String(), nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", notInstalled(err)
	case errors.Is(err, fs.ErrPermission):
		return "", activities.Fail(activities.PermissionDenied, fmt.Errorf("%s: %w", doing, err))
	case ctx.Err() != nil:
		return "", ctx.Err()
	case bounded.Err() != nil:
		return "", activities.Fail(activities.Unavailable, fmt.Errorf("%s gave no answer within %s: %s", doing, within, f.said(stderr)))
	}
	return "", fmt.Errorf("%s: %w: %s", doing, err, f.said(stderr))
}

func notInstalled(err error) error {
	return activities.Fail(activities.NotFound, fmt.Errorf("docker compose is not installed: %w", err))
}

// said returns the end of what a command wrote, without the values of variables: they may hold
// secrets, and the text goes into a workflow's history.
func (f *File) said(output bytes.Buffer) string {
	text := strings.TrimSpace(output.String())
	o, err := f.options()
	if err != nil {
		return "its words are withheld, because the variables to strip from them cannot be read"
	}
	text = strip(text, o.Environment)
	if cut := len(text) - maxOutput; cut > 0 {
		text = "…" + strings.ToValidUTF8(text[cut:], "")
	}
	return text
}

// strip puts ${NAME} in place of each variable's value. Values shorter than 8 bytes are no secrets
// worth the name and would tear ordinary words apart; paths say where something is.
func strip(text string, variables map[string]string) string {
	type variable struct{ name, value string }
	var found []variable
	for name, value := range variables {
		if len(value) >= 8 && !strings.HasPrefix(value, "/") && strings.Contains(text, value) {
			found = append(found, variable{name, value})
		}
	}
	// The longest first: a value may hold another one.
	slices.SortFunc(found, func(a, b variable) int {
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.name, b.name))
	})
	for _, v := range found {
		text = strings.ReplaceAll(text, v.value, "${"+v.name+"}")
	}
	return text
}
