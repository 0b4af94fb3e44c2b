package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	// askWithin bounds a command that only reads.
	askWithin = time.Minute
	// upWithin bounds the start of one replica.
	upWithin = 2 * time.Minute
	// maxOutput is how much of the end of the command's words is kept in an error, in bytes.
	maxOutput = 4 << 10
)

// Version returns the version of Compose, such as "5.6.0". Where it cannot be run the error is
// NotFound.
func (p *Project) Version(ctx context.Context) (string, error) {
	stdout, _, err := p.run(ctx, askWithin, "version", "--short")
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		// `docker` is there and does not know `compose`.
		return "", notInstalled(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(stdout), "v"), err
}

// onProject runs a command of Compose on the project, told exactly what the model was read with, and
// returns what it asks and the lines of its progress, those of a failure too. It gets no answer, which is
// a no. The text of a failure is free of the values of variables.
func (p *Project) onProject(ctx context.Context, m *model, within time.Duration, args ...string) (asks string, _ []event, _ error) {
	told := []string{"--progress", "json", "-p", m.Name}
	for _, list := range []struct {
		flag   string
		values []string
	}{{"-f", p.options.Files}, {"--env-file", p.options.EnvFiles}, {"--profile", p.options.Profiles}} {
		for _, value := range list.values {
			told = append(told, list.flag, value)
		}
	}
	stdout, stderr, err := p.run(ctx, within, append(told, args...)...)
	events := parseEvents(stderr)
	exit, failed := errors.AsType[*exec.ExitError](err)
	if !failed || ctx.Err() != nil {
		return strings.TrimSpace(stdout), events, err
	}
	// Docker without Compose complains of the arguments that it does not know, each release in its own
	// words: ask it for something that needs no project.
	if _, err := p.Version(ctx); err != nil {
		return "", nil, err
	}
	said := reason(events, stderr)
	doing := strings.Join(p.options.Command, " ")
	return strings.TrimSpace(stdout), events,
		activities.Fail(class(said), fmt.Errorf("%s: %w: %s", doing, exit, bounded(m.mask(said))))
}

// run runs Compose in the project's directory and returns what it wrote.
func (p *Project) run(ctx context.Context, within time.Duration, args ...string) (stdout, stderr string, err error) {
	inTime, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cmd := exec.CommandContext(inTime, p.options.Command[0], slices.Concat(p.options.Command[1:], args)...)
	cmd.Dir = p.options.Directory
	cmd.Env = append(p.environ(), "PWD="+p.options.Directory)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	// Compose finishes or takes back what it is doing when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	doing := strings.Join(p.options.Command, " ")
	switch {
	case err == nil:
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		err = notInstalled(err)
	case errors.Is(err, fs.ErrPermission):
		err = activities.Fail(activities.PermissionDenied, fmt.Errorf("%s: %w", doing, err))
	case ctx.Err() != nil:
		err = ctx.Err()
	case inTime.Err() != nil:
		err = activities.Fail(activities.Unavailable, fmt.Errorf("%s gave no answer within %s", doing, within))
	}
	return out.String(), words.String(), err
}

func notInstalled(err error) error {
	return activities.Fail(activities.NotFound, fmt.Errorf("docker compose is not installed: %w", err))
}

// mask takes the values of the project's variables, and those of its services' environment, out of what
// Compose said: they may hold secrets, and the text goes into a workflow's history.
func (m *model) mask(text string) string {
	values := m.Environment.Values()
	for name := range m.services {
		// One that cannot be resolved has no more values than the file itself.
		s, _ := m.resolve(name)
		values = append(values, s.Environment.ToMapping().Values()...)
	}
	return activities.Mask(text, values)
}

// bounded keeps the end, which holds the reason.
func bounded(text string) string {
	if cut := len(text) - maxOutput; cut > 0 {
		return "…" + strings.ToValidUTF8(text[cut:], "")
	}
	return text
}
