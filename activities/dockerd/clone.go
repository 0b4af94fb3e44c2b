package dockerd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// aloneWithin bounds what is done to its end after the context is over: a create that is under way
// and the removal of a clone that cannot be started.
const aloneWithin = 30 * time.Second

// Clone makes one more replica as a copy of a sibling, with the files that Compose would write into
// it, compares it with the sibling, starts it and runs its post_start hooks. The name, the number and
// the MadeBy label are on the container from its first moment, so whatever happens between two steps,
// the same spec finds it again and finishes it; hooks may then run again. A sibling that is gone is
// NotFound; a name or number that something else holds is Conflict; a port that is taken, an image
// that is gone, a copy that came out different or a hook that fails is PreconditionFailed; a
// definition that the engine cannot carry out InvalidInput.
func (e *Engine) Clone(ctx context.Context, spec activities.CloneSpec) (scaling.Replica, error) {
	if spec.Project == "" || spec.Service == "" || spec.Sibling == "" || spec.MadeBy == "" || spec.Number < 1 {
		return scaling.Replica{}, activities.Fail(activities.InvalidInput, errors.New("incomplete clone spec: it needs project, service, sibling, made_by and a number from 1"))
	}
	held, err := e.holder(ctx, spec)
	if err != nil {
		return scaling.Replica{}, err
	}
	id := ""
	if held != nil {
		switch held.State {
		case container.StateCreated, container.StateExited, container.StateDead:
			id = held.ID
		case container.StateRemoving:
			return scaling.Replica{}, activities.Fail(activities.Unavailable, fmt.Errorf("%s is being removed", plainReplica(*held).Name))
		case container.StateRunning:
			// Whether the hooks have run before the worker died is not known.
			if err := e.hooksOf(ctx, held.ID, spec.PostStart); err != nil {
				return scaling.Replica{}, err
			}
			return e.made(ctx, spec, held.ID)
		default:
			return e.made(ctx, spec, held.ID)
		}
	}
	id, err = e.build(ctx, spec, id)
	if err != nil {
		if id != "" && (held == nil || held.State == container.StateCreated) { // what has run before stays
			err = e.undo(ctx, id, err)
		}
		return scaling.Replica{}, err
	}
	return e.made(ctx, spec, id)
}

// made returns the finished clone as the engine lists it.
func (e *Engine) made(ctx context.Context, spec activities.CloneSpec, id string) (scaling.Replica, error) {
	now, err := e.look(ctx)
	if err != nil {
		return scaling.Replica{}, err
	}
	for _, c := range now.containers {
		if c.ID == id {
			return now.replica(c), nil
		}
	}
	return scaling.Replica{}, activities.Fail(activities.NotFound,
		fmt.Errorf("clone %d of %s was removed as soon as it was started", spec.Number, spec.Service))
}

// hooksOf runs post_start hooks in a container that runs.
func (e *Engine) hooksOf(ctx context.Context, id string, hooks []activities.Hook) error {
	if len(hooks) == 0 {
		return nil
	}
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return classed("inspect the clone", err)
	}
	return e.runHooks(ctx, c, postStart, hooks)
}

// holder returns the container that has the number of the spec, nil when none has. One that the
// spec's run did not make is Conflict.
func (e *Engine) holder(ctx context.Context, spec activities.CloneSpec) (*container.Summary, error) {
	found, err := e.api.ContainerList(ctx, all(labelProject+"="+spec.Project, labelService+"="+spec.Service,
		labelNumber+"="+strconv.Itoa(spec.Number)))
	if err != nil {
		return nil, classed("look for the clone", err)
	}
	for _, c := range found {
		if !isReplica(c.Labels) {
			continue
		}
		if c.Labels[labelRun] != spec.MadeBy {
			return nil, activities.Fail(activities.Conflict, fmt.Errorf("number %d of %s is held by container %s (%s)",
				spec.Number, spec.Service, plainReplica(c).Name, madeBy(c.Labels)))
		}
		return &c, nil
	}
	return nil, nil
}

// build brings the clone from whatever state it is in, id "" when there is none yet, to started, with
// its hooks run. It returns the id of the container that the error, if any, leaves behind.
func (e *Engine) build(ctx context.Context, spec activities.CloneSpec, id string) (string, error) {
	sibling, err := e.inspect(ctx, spec.Sibling)
	if err != nil {
		return id, classed("inspect sibling", err)
	}
	files, _, err := e.filesFor(ctx, sibling.InspectResponse, spec.Files)
	if err != nil {
		return id, err
	}
	if l := sibling.Config.Labels; l[labelProject] != spec.Project || l[labelService] != spec.Service || !isReplica(l) {
		return id, activities.Fail(activities.InvalidInput,
			fmt.Errorf("container %s is no replica of %s in %s", sibling.Name, spec.Service, spec.Project))
	}
	plan := copyOf(sibling.InspectResponse, spec)
	if id == "" {
		if id, err = e.create(ctx, spec, plan, sibling.Image); err != nil {
			return id, err
		}
	}
	if err := e.join(ctx, id, plan.networks); err != nil {
		return id, err
	}
	if err := e.fill(ctx, id, files); err != nil {
		return id, err
	}
	clone, err := e.inspect(ctx, id)
	if err != nil {
		return id, classed("inspect the clone", err)
	}
	if err := alike(sibling, clone, spec.GPU); err != nil {
		return id, err
	}
	if err := e.start(ctx, id, "start "+plan.name); err != nil {
		return id, err
	}
	return id, e.runHooks(ctx, clone.InspectResponse, postStart, spec.PostStart)
}

func (e *Engine) inspect(ctx context.Context, id string) (compared, error) {
	c, raw, err := e.api.ContainerInspectWithRaw(ctx, id, false)
	return compared{c, raw}, err
}

// fill writes into the clone what Compose would write, and looks whether it is there.
func (e *Engine) fill(ctx context.Context, id string, files []placed) error {
	if len(files) == 0 {
		return nil
	}
	if err := e.writeFiles(ctx, id, files); err != nil {
		return classed("write configs and secrets", err)
	}
	return e.verifyFiles(ctx, id, files)
}

// create makes the container on its first network. An older attempt at the same spec may have made
// it in the meantime; then that one's id is returned.
func (e *Engine) create(ctx context.Context, spec activities.CloneSpec, plan blueprint, imageID string) (string, error) {
	// Replicas of one service run the same image even if its tag has moved since. The reference is
	// kept where it can be, because people read it in `docker ps`.
	img, err := e.api.ImageInspect(ctx, plan.config.Image)
	switch {
	case errdefs.IsNotFound(err) || err == nil && img.ID != imageID:
		plan.config.Image = imageID
	case err != nil:
		return "", classed("inspect image", err)
	}
	networking := &network.NetworkingConfig{}
	if len(plan.networks) > 0 {
		// Engines before API 1.44 take one network here; the rest is joined before the start.
		first := plan.networks[0]
		networking.EndpointsConfig = map[string]*network.EndpointSettings{first.network: first.settings}
	}
	// An engine goes on creating when its caller hangs up; without the answer, nobody would know
	// what to take away again.
	alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), aloneWithin)
	defer cancel()
	made, err := e.api.ContainerCreate(alone, plan.config, plan.host, networking, nil, plan.name)
	switch {
	case errdefs.IsConflict(err):
		return e.taken(ctx, spec, plan.name)
	case errdefs.IsNotFound(err):
		// The image or a network went away after the sibling was made.
		return "", activities.Fail(activities.PreconditionFailed, fmt.Errorf("create %s: %w", plan.name, err))
	case err != nil:
		return "", startFailed("create "+plan.name, err)
	}
	return made.ID, nil
}

// taken says who has the name of the clone: an older attempt at the same spec, whose id it returns,
// or somebody else, which is Conflict.
func (e *Engine) taken(ctx context.Context, spec activities.CloneSpec, name string) (string, error) {
	held, err := e.holder(ctx, spec)
	if err != nil {
		return "", err
	}
	if held != nil {
		return held.ID, nil
	}
	c, err := e.api.ContainerInspect(ctx, name)
	if err != nil {
		return "", classed("inspect "+name, err)
	}
	return "", activities.Fail(activities.Conflict, fmt.Errorf("the name %s is held by container %s (image %s, %s)",
		name, shortID(c.ID), c.Config.Image, madeBy(c.Config.Labels)))
}

// join connects the clone to the networks that it is not on yet.
func (e *Engine) join(ctx context.Context, id string, networks []endpoint) error {
	if len(networks) < 2 {
		return nil
	}
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return classed("inspect the clone", err)
	}
	for _, n := range networks {
		if _, ok := c.NetworkSettings.Networks[n.network]; ok {
			continue
		}
		err := e.api.NetworkConnect(ctx, n.network, id, n.settings)
		// Another attempt at the same spec may have been faster.
		if err != nil && !strings.Contains(err.Error(), "already exists in network") {
			return classed("connect to network "+n.network, err)
		}
	}
	return nil
}

// undo removes a clone that cannot be started, also when ctx is over, and returns reason. What stays
// behind because the engine cannot be reached is finished by the next call with the same spec.
func (e *Engine) undo(ctx context.Context, id string, reason error) error {
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), aloneWithin)
	defer cancel()
	if err := e.Remove(rest, id); err != nil {
		return fmt.Errorf("%w; the container that could not be started stays behind: %s", reason, err.Error())
	}
	return reason
}

// madeBy says in words where a container comes from.
func madeBy(labels map[string]string) string {
	if run := labels[labelRun]; run != "" {
		return "made by run " + run
	}
	if project := labels[labelProject]; project != "" {
		return "made by Compose in project " + project
	}
	return "not made by Compose"
}
