package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// initProject is what init has found of one project and does about it.
type initProject struct {
	config.FoundProject
	// unfit are the services whose newest container is not what the files say now.
	unfit []string
	// upstreams are the files that the router needs to start.
	upstreams []firstUpstream
	// unsteered says of each router that evenkeel does not steer what is not promised there.
	unsteered []string
	// stale are upstream files that name addresses that no replica has.
	stale []staleUpstream
}

// firstUpstream is an upstream file that is written where there is none.
type firstUpstream struct {
	dir, name string
	members   []string
	// apart is why replicas that run are not among the members: then nothing is written, because the file would
	// take a site away that may work.
	apart string
}

// find finds out what is written about one project.
func (e *engine) find(ctx context.Context, c chosen) (initProject, error) {
	way, unfit, err := howRun(ctx, c)
	if err != nil {
		return initProject{}, usage("init", err.Error(), "correct it, or name another project with --project or --directory")
	}
	project := compose.New(way)
	services, err := project.Services(ctx)
	if err != nil {
		return initProject{}, usage("init", err.Error(), "correct it")
	}
	sources, err := project.Sources(ctx)
	if err != nil {
		return initProject{}, usage("init", err.Error(), "correct it")
	}
	found := initProject{unfit: unfit, FoundProject: config.FoundProject{
		Name: c.name, Directory: way.Directory, DirectoryFrom: fromWhere(way, sources),
		Files: below(way.Directory, way.Files), EnvFiles: below(way.Directory, way.EnvFiles),
		FilesFrom: "as its newest container was made", EnvFilesFrom: "as its newest container was made",
	}}
	if len(unfit) > 0 {
		found.Remarks = append(found.Remarks, "The containers of "+strings.Join(unfit, ", ")+
			" were made from something else than these files say now; see starter doctor.")
	}
	if elsewhere := c.seen.directory(); c.named && elsewhere != "" && !sameFolder(elsewhere, way.Directory) {
		found.Remarks = append(found.Remarks, "Its containers say that they are from "+elsewhere+".")
	}
	names := serviceNames(services)
	found.unsteered = unsteered(services)
	found.Remarks = append(found.Remarks, found.unsteered...)
	router, containers := e.routerOf(ctx, c.seen, names)
	if router == nil {
		router = plannedRouter(ctx, project, services)
	}
	found.Nginx = describeRouter(router, names)
	if found.Nginx == nil {
		found.Remarks = append(found.Remarks, withoutRouter(router, services, c.seen)...)
	}
	for _, s := range services {
		known := e.facts(ctx, s, containers, c.seen.of(s.Name))
		described := describe(s, known, router, names)
		found.Services = append(found.Services, described)
		if found.Nginx != nil && described.CannotScale == "" && described.Service.Upstream != "" {
			first := firstUpstream{dir: found.Nginx.Upstreams, name: described.Service.Upstream}
			var running int
			first.members, running = members(*router, containers, c.seen.of(s.Name), described.Service.Port)
			if running > 0 && len(first.members) == 0 {
				first.apart = router.service + " shares no network with all replicas of " + s.Name
			}
			found.upstreams = append(found.upstreams, first)
		}
	}
	if found.Nginx != nil {
		services := map[string]string{}
		for _, s := range found.Services {
			services[s.Service.Upstream] = s.Name
		}
		found.stale = staleUpstreams(found.Nginx.Upstreams, &router.details, containers, c.seen, services)
	}
	return found, nil
}

// facts gathers what the engine knows of a service. A health check that is switched off proves nothing.
func (e *engine) facts(ctx context.Context, s scaling.Service, all map[string]details, replicas []container) facts {
	known := askedReplica(ctx, e.runningAt(all, replicas), imageFacts{})
	if s.Image != "" {
		known.image, _ = e.image(ctx, s.Image) // an image that is not here says nothing
	}
	off := func(c container) bool {
		check := all[c.ID].Config.Healthcheck
		return check != nil && slices.Equal(check.Test, []string{"NONE"})
	}
	if s.HealthCheck || slices.ContainsFunc(replicas, off) {
		known.image.healthPort, known.image.healthPath = 0, ""
	}
	return known
}

func serviceNames(services []scaling.Service) []string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	return names
}

// fromWhere says which files make the project.
func fromWhere(way compose.Options, sources []compose.Source) string {
	var files []string
	var from string
	for _, s := range sources {
		if s.Kind == "file" {
			files = append(files, below(way.Directory, []string{s.Value})...)
			from = s.From
		}
	}
	if len(way.Files) > 0 || len(files) == 0 {
		return ""
	}
	if strings.HasPrefix(from, "found in ") {
		return "Compose finds " + strings.Join(files, ", ") + " there"
	}
	return fmt.Sprintf("with %s by %s", strings.Join(files, ", "), from)
}

// below makes paths relative to a folder where they lie in it.
func below(dir string, paths []string) []string {
	var out []string
	for _, path := range paths {
		if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
		out = append(out, path)
	}
	return slices.Clip(out)
}
