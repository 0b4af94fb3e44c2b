package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

func (d *doctor) dockerEngine(ctx context.Context) finding {
	v, err := d.engine.version(ctx)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return lacking(reason(err), "add this user to the group docker")
	case d.engine.fault != nil:
		return lacking(err.Error(), "correct the variable")
	case err != nil:
		return lacking(fmt.Sprintf("no engine answers at %s: %s", d.engine.address, reason(err)), "start it, or set DOCKER_HOST")
	}
	return well(fmt.Sprintf("%s, API %s", v.Version, v.APIVersion))
}

// reason leaves out the URL that net/http puts before an error: for a socket it is made up.
func reason(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return err.Error()
}

func (d *doctor) dockerCompose(ctx context.Context) finding {
	const hint = "install the Compose plugin of Docker, version 2 or later"
	command := exec.CommandContext(ctx, "docker", "compose", "version", "--short")
	command.WaitDelay = time.Second
	out, err := command.Output()
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return lacking("there is no docker command", "install Docker's command line with its Compose plugin")
	case ctx.Err() != nil:
		return lacking("no answer within "+checkLimit.String(), "see why `docker compose version` hangs")
	case err != nil:
		return lacking("docker has no command compose", hint)
	}
	first, _, _ := strings.Cut(version, ".")
	if major, err := strconv.Atoi(first); err != nil || major < 2 {
		return lacking(fmt.Sprintf("version %q is too old", version), hint)
	}
	return well(version)
}
