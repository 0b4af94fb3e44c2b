package dockerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/evenkeel/evenkeel/activities"
)

// CheckFiles says which of files would be copied from the sibling although the Compose file now says
// something else, as warnings. A file whose bytes are known from nowhere is PreconditionFailed by its
// name.
func (e *Engine) CheckFiles(ctx context.Context, sibling string, files []activities.ContainerFile) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	c, err := e.api.ContainerInspect(ctx, sibling)
	if err != nil {
		return nil, classed("inspect sibling", err)
	}
	_, warnings, err := e.filesFor(ctx, c, files)
	return warnings, err
}

// filesFor returns what a copy of a sibling gets for the files that Compose would write into it.
func (e *Engine) filesFor(ctx context.Context, sibling container.InspectResponse, files []activities.ContainerFile) (out []placed, warnings []string, err error) {
	for _, f := range files {
		chosen, edited, err := e.choose(ctx, sibling, f)
		if err != nil {
			return nil, nil, classed(f.What, err)
		}
		warning := f.What + " was edited; the new replica gets what its siblings have"
		if edited && !slices.Contains(warnings, warning) {
			warnings = append(warnings, warning)
		}
		out = append(out, placed{file: chosen, what: f.What, target: f.Target})
	}
	return out, warnings, nil
}

// choose decides where a file comes from: from the sibling as long as nobody has touched it since
// Compose wrote it, so that replicas of one configuration are alike; else from the Compose file.
// edited says that the Compose file now says something else than what is taken.
func (e *Engine) choose(ctx context.Context, sibling container.InspectResponse, f activities.ContainerFile) (chosen file, edited bool, err error) {
	has, changed, err := e.readFile(ctx, sibling.ID, f.Target)
	switch {
	case errors.Is(err, errTooLarge):
		return file{}, false, activities.Fail(activities.PreconditionFailed, err)
	case err != nil:
		return file{}, false, err
	// Compose, and we, write whole seconds; the clock of a program that writes is finer.
	case has != nil && changed.Nanosecond() == 0:
		return *has, f.Known && !bytes.Equal(has.bytes, f.Bytes), nil
	case !f.Known:
		return file{}, false, activities.Fail(activities.PreconditionFailed, fmt.Errorf(
			"its bytes are known from nowhere: %s does not have it as Compose wrote it, and its variable is not set where evenkeel runs; set it there",
			strings.TrimPrefix(sibling.Name, "/")))
	}
	made := file{mode: f.Mode, bytes: f.Bytes}
	if made.uid, made.gid, err = owner(f, sibling.Config.User, has); err != nil {
		return file{}, false, activities.Fail(activities.PreconditionFailed, err)
	}
	return made, false, nil
}

// owner returns the owner that Compose's way of writing gives to a file. As soon as the file names one,
// the engine takes the container's user in its place, unless that is root.
func owner(f activities.ContainerFile, user string, has *file) (uid, gid int, err error) {
	if f.UID == "" && f.GID == "" {
		return 0, 0, nil
	}
	named, group, _ := strings.Cut(user, ":")
	if named == "" || named == "0" || named == "root" {
		named, group = f.UID, f.GID
	}
	uid, uidErr := number32(named)
	gid, gidErr := number32(group)
	switch {
	case uidErr == nil && gidErr == nil:
		return uid, gid, nil
	case has != nil:
		return has.uid, has.gid, nil
	}
	return 0, 0, fmt.Errorf("its owner is known from nowhere: the container's user %q is a name, and the sibling does not have the file", user)
}

// number32 reads an id of a user or a group; none at all is root's.
func number32(id string) (int, error) {
	if id == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(id, 10, 32)
	return int(n), err
}

// verifyFiles reads back what was written and says by name what is not as it should be: a file may lie
// below a mount that hides it, or the engine may have gone its own way.
func (e *Engine) verifyFiles(ctx context.Context, id string, files []placed) error {
	for _, f := range files {
		is, _, err := e.readFile(ctx, id, f.target)
		if err != nil {
			return classed(f.what, err)
		}
		field := ""
		switch {
		case is == nil:
			field = "type"
		case is.mode&0o7777 != f.mode&0o7777:
			field = "mode"
		case is.uid != f.uid || is.gid != f.gid:
			field = "owner"
		case len(is.bytes) != len(f.bytes):
			field = "size"
		case !bytes.Equal(is.bytes, f.bytes):
			field = "content"
		default:
			continue
		}
		return activities.Fail(activities.PreconditionFailed, fmt.Errorf("the copy is not as it should be: the %s of %s (%s)", field, f.what, f.target))
	}
	return nil
}
