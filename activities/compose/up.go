package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
)

// Up brings a service from no replica to one without touching any other container, network or volume.
// Compose itself says first, in a dry run, what it would do: where that is more than to make and start
// the container of that number, and what the container needs and is not there yet, the error is
// PreconditionFailed with the first line that is too much, and nothing is done. A service that the project
// does not have is NotFound. The image is the one that is there, whatever the file says of pulling and building.
// When the start fails, Compose leaves the container behind in state created; the next Up starts that one.
func (p *Project) Up(ctx context.Context, service string, number int) error {
	m, s, err := p.resolved(ctx, service)
	if err != nil {
		return err
	}
	if err := m.cannotStart(s); err != nil {
		return activities.Fail(activities.PreconditionFailed, err)
	}
	command := []string{"up", "-d", "--no-deps", "--no-recreate", "--no-build", "--pull", "never", "--remove-orphans=false", "--scale", service + "=1", service}
	container := cmp.Or(s.ContainerName, strings.Join([]string{m.Name, service, strconv.Itoa(number)}, m.separator()))
	asks, events, err := p.onProject(ctx, m, askWithin, slices.Insert(slices.Clone(command), 1, "--dry-run")...)
	if err != nil && !endsAtHook(err, s, events, container) {
		return err
	}
	more := m.mask(asks)
	if i := slices.IndexFunc(events, func(e event) bool { return !e.harmless(container) }); i >= 0 && more == "" {
		more = events[i].String()
	}
	if more != "" {
		return activities.Fail(activities.PreconditionFailed, fmt.Errorf(
			"`docker compose up %s` would do more than start %s: %q; take the edit back, or do that by hand when it may be done", service, container, more))
	}
	_, _, err = p.onProject(ctx, m, upWithin, command...)
	return err
}

// endsAtHook says whether a dry run failed only because it cannot run a post_start hook. All that comes
// before has been said by then: the container is being started.
func endsAtHook(err error, s types.ServiceConfig, events []event, container string) bool {
	return len(s.PostStart) > 0 && strings.Contains(err.Error(), "not supported in dry-run mode") &&
		slices.ContainsFunc(events, func(e event) bool { return e.ID == "Container "+container && e.Text == "Starting" })
}

// cannotStart returns why Compose would not start the service, or could not say before what it would do.
func (m *model) cannotStart(s types.ServiceConfig) error {
	switch {
	case s.Provider != nil:
		return fmt.Errorf("service %s is provided by %s and has no container", s.Name, s.Provider.Type)
	case len(s.PreStart) > 0:
		return fmt.Errorf("service %s has pre_start, for which Compose's dry run fails; start its first replica with "+
			"`docker compose up -d --no-deps --no-recreate %s`", s.Name, s.Name)
	}
	return m.refused(s)
}

// harmless says whether a line of the dry run touches nothing that is there, but for the container.
func (e event) harmless(container string) bool {
	kind, name, _ := strings.Cut(cmp.Or(e.ParentID, e.ID), " ")
	switch kind {
	case "":
		// The error that a failed command ends with.
		return e.Error
	case "Container":
		return e.Text == "Running" || name == container && slices.Contains([]string{"Creating", "Created", "Starting", "Started"}, e.Text)
	case "Network", "Volume":
		return e.Text == "Creating" || e.Text == "Created"
	case "Image":
		// A layer of a pull has a text of its own.
		return e.ParentID != "" || slices.Contains([]string{"Pulling", "Pulled", "Skipped"}, e.Text)
	}
	return false
}

// separator stands between the parts of the names that Compose makes.
func (m *model) separator() string {
	switch strings.ToLower(m.Environment["COMPOSE_COMPATIBILITY"]) {
	case "1", "t", "true", "y", "yes", "on":
		return "_"
	}
	return "-"
}
