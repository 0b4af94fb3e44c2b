package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// misfits returns those of the services of which the newest container was made from something else than the
// project's files, env files and variables say now; sorted. None proves all of them right.
func misfits(ctx context.Context, p *compose.Project, seen seenProject) ([]string, error) {
	if _, err := p.Services(ctx); err != nil {
		return nil, err
	}
	ids := seen.ids()
	var out []string
	for _, service := range seen.services() {
		newest := slices.MaxFunc(seen.of(service), func(a, b container) int { return cmp.Compare(a.Created, b.Created) })
		hash, err := p.Hash(ctx, service, ids)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || hash != newest.Labels[labelHash] {
			out = append(out, service)
		}
	}
	return out, nil
}

// howRun finds how a project is run: by Compose's own rules in its directory, else with the files and env
// files of its newest container, whatever fits more of its containers. unfit are the services that do not.
func howRun(ctx context.Context, c chosen) (way compose.Options, unfit []string, err error) {
	way = compose.Options{Name: c.name, Directory: c.directory}
	unfit, err = misfits(ctx, compose.New(way), c.seen)
	if err == nil && len(unfit) == 0 || len(c.seen.containers) == 0 {
		return way, unfit, err
	}
	found, failed := compose.Discover(ctx, c.seen.seen())
	if failed == nil && (err != nil || len(found.Unfit) < len(unfit)) {
		return found.Options, found.Unfit, nil
	}
	return way, unfit, err
}
