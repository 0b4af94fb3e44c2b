package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// projectDoctor looks at one project of the host.
type projectDoctor struct {
	*doctor
	name   string
	config config.Project
	// options are how the model is read.
	options compose.Options
	model   *compose.Project
	// Each of these is asked once and gives every caller the same answer: the containers of all projects,
	// the services of this one, what its containers are made of.
	containers func() ([]container, error)
	services   func() ([]scaling.Service, error)
	details    func() map[string]details
}

// projects are those of the host, or the one that is asked for; without a configuration none.
func (d *doctor) projects(ctx context.Context) []*projectDoctor {
	if d.configFault != nil || d.hostFault != nil {
		return nil
	}
	containers := sync.OnceValues(func() ([]container, error) { return d.engine.containers(ctx, "") })
	var out []*projectDoctor
	for _, name := range d.host.Names() {
		if d.only == "" || name == d.only {
			out = append(out, d.projectDoctor(ctx, name, containers))
		}
	}
	return out
}

func (d *doctor) projectDoctor(ctx context.Context, name string, containers func() ([]container, error)) *projectDoctor {
	options := compose.FromConfig(d.host, name)
	model := compose.New(options)
	one := &projectDoctor{doctor: d, name: name, config: d.host.Projects[name], options: options, model: model, containers: containers}
	one.services = sync.OnceValues(func() ([]scaling.Service, error) { return model.Services(ctx) })
	one.details = sync.OnceValue(func() map[string]details {
		out := map[string]details{}
		seen, _ := one.seen() // an engine that is not there has a line of its own
		for _, c := range seen.containers {
			if d, err := d.engine.inspect(ctx, c.ID); err == nil {
				out[c.ID] = d
			}
		}
		return out
	})
	return one
}

// seen are the project's own containers.
func (p *projectDoctor) seen() (seenProject, error) {
	all, err := p.containers()
	out := seenProject{name: p.name}
	for _, c := range all {
		if c.project() == p.name {
			out.containers = append(out.containers, c)
		}
	}
	return out, err
}

// at is where the project stands in the configuration.
func (p *projectDoctor) at() string { return "hosts." + p.hostName + ".projects." + p.name }

// projectChecks are the checks of every project; their names hold the project's where there are several.
// Without a configuration each is there once, and not asked.
func (d *doctor) projectChecks(ctx context.Context) []check {
	looks := []struct {
		name string
		run  func(*projectDoctor, context.Context) finding
	}{
		{"Compose project", (*projectDoctor).composeProject},
		{"service limits", (*projectDoctor).limits},
		{"nginx", (*projectDoctor).nginx},
		{"nginx upstreams", (*projectDoctor).nginxUpstreams},
		{"nginx networks", (*projectDoctor).nginxNetworks},
		{"nginx members", (*projectDoctor).nginxMembers},
	}
	projects := d.projects(ctx)
	var out []check
	if len(projects) == 0 {
		for _, look := range looks {
			out = append(out, check{look.name, func(context.Context) finding { return notAsked("needs the configuration of a host") }})
		}
	}
	for _, p := range projects {
		for _, look := range looks {
			name := look.name
			if len(projects) > 1 {
				name += " of " + p.name
			}
			out = append(out, check{name, func(ctx context.Context) finding { return look.run(p, ctx) }})
		}
	}
	return out
}

// composeProject says what makes the project, each with where it is from, and whether what runs is that.
func (p *projectDoctor) composeProject(ctx context.Context) finding {
	sources, err := p.model.Sources(ctx)
	if err != nil {
		return p.unreadable(err)
	}
	made := fmt.Sprintf("%s in %s: %s", p.name, p.config.Directory, sourcesText(p.config.Directory, sources))
	all, err := p.containers()
	if err != nil {
		return notAsked("needs the Docker engine; " + made)
	}
	seen, _ := p.seen()
	if directory, other := sharing(grouped(all), p.name); directory != "" {
		return lacking(fmt.Sprintf("the containers of two projects, %s and %s, say that they are from %s", p.name, other, directory),
			"find out with docker compose ls -a which of them serves, and remove the other one's containers")
	}
	var running []container
	for _, c := range seen.containers {
		if version := c.Labels[labelVersion]; strings.HasPrefix(version, "1.") {
			return lacking(fmt.Sprintf("%s was made by Compose %s", c.name(), version), "run `docker compose up -d` with Compose 2 or later once")
		}
		if c.running() {
			running = append(running, c)
		}
	}
	if len(running) == 0 {
		return p.nothingRuns(ctx, made)
	}
	seen.containers = running
	unfit, err := p.model.Unfit(ctx, seen.seen())
	if err != nil {
		return p.unreadable(err)
	}
	if unknown := p.unknownServices(); len(unknown) > 0 {
		return lacking(fmt.Sprintf("%s; %s names what the Compose files do not have: %s", made, p.doctor.config.Path, strings.Join(unknown, ", ")), "correct the names")
	}
	counts := fmt.Sprintf("running containers %d, services %d", len(running), len(seen.services()))
	if len(unfit) > 0 {
		return noted(fmt.Sprintf("%s; %s; made from something else than that: %s", made, counts, strings.Join(unfit, ", ")),
			"see what differs with starter scale SERVICE=N --dry-run")
	}
	return well(made + "; " + counts + ", all made from that")
}

// unknownServices are the services of the configuration that the Compose files do not have.
func (p *projectDoctor) unknownServices() []string {
	services, err := p.services()
	if err != nil {
		return nil // that is said
	}
	named := slices.Sorted(maps.Keys(p.config.Services))
	if p.config.Nginx != nil && p.config.Nginx.Service != "" {
		named = append(named, p.config.Nginx.Service)
	}
	return slices.DeleteFunc(named, func(name string) bool {
		return slices.ContainsFunc(services, func(s scaling.Service) bool { return s.Name == name })
	})
}

// nothingRuns also finds a name that Compose itself would not give: a person's next `up` there makes another
// project.
func (p *projectDoctor) nothingRuns(ctx context.Context, made string) finding {
	if len(p.config.Files) == 0 {
		if name, err := compose.ProjectName(ctx, p.options); err == nil && name != p.name {
			return lacking(fmt.Sprintf("nothing of %s runs, and Compose calls the project in %s %s", p.name, p.config.Directory, name),
				"write "+name+" for "+p.name+" in "+p.doctor.config.Path)
		}
	}
	return noted("nothing of it runs; "+made, "start it in "+p.config.Directory+" with "+p.command("up -d"))
}

// command is a command of Compose as a person would type it in the project's directory.
func (p *projectDoctor) command(what string) string {
	words := []string{"docker", "compose", "-p", p.name}
	for _, file := range p.config.Files {
		words = append(words, "-f", file)
	}
	for _, file := range p.config.EnvFiles {
		words = append(words, "--env-file", file)
	}
	for _, profile := range p.config.Profiles {
		words = append(words, "--profile", profile)
	}
	return strings.Join(append(words, what), " ")
}

// sourcesText says what makes a project, those of one origin together.
func sourcesText(dir string, sources []compose.Source) string {
	var out []string
	for i := 0; i < len(sources); {
		first, values := sources[i], []string{}
		for ; i < len(sources) && sources[i].Kind == first.Kind && sources[i].From == first.From; i++ {
			value := sources[i].Value
			if filepath.IsAbs(value) {
				value = strings.Join(below(dir, []string{value}), "")
			}
			values = append(values, value)
		}
		if first.Kind != "name" {
			out = append(out, fmt.Sprintf("%s %s (%s)", first.Kind, strings.Join(values, ", "), first.From))
		}
	}
	return strings.Join(slices.Compact(out), ", ")
}
