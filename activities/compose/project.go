package compose

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
)

// Options say which project it is and how Compose is told to read it. What they leave out is left to
// Compose's own rules in the directory: compose.yaml with its override there or in a folder above, and
// COMPOSE_FILE, COMPOSE_PROFILES and COMPOSE_ENV_FILES in the process environment or, but for the last,
// in .env.
type Options struct {
	// Name is the project's name (`-p`); empty leaves it to Compose.
	Name string
	// Directory is the absolute path of the folder where a person would run `docker compose`.
	Directory string
	// Files (`-f`), EnvFiles (`--env-file`) and Profiles (`--profile`). Paths are relative to Directory.
	Files, EnvFiles, Profiles []string
	// Several says that the host has several projects. COMPOSE_FILE, COMPOSE_PROJECT_NAME, COMPOSE_PROFILES,
	// COMPOSE_ENV_FILES and COMPOSE_PATH_SEPARATOR of this process's environment would then apply to all of
	// them, and do not count; those of a project's .env do.
	Several bool
	// Command is how Compose is run; nil for `docker compose`.
	Command []string
}

// FromConfig returns how a project of a host's configuration is read and run.
func FromConfig(host config.Host, name string) Options {
	p := host.Projects[name]
	return Options{
		Name: name, Directory: p.Directory, Files: p.Files, EnvFiles: p.EnvFiles, Profiles: p.Profiles, Several: len(host.Projects) > 1,
	}
}

// Project is one Compose project. It is safe for concurrent use and knows its files as they are at each
// call.
type Project struct {
	options Options
	memory  memory
	reading turn
}

var _ activities.Compose = (*Project)(nil)

// New returns a project. Nothing is read before the first call.
func New(o Options) *Project {
	o.Directory = filepath.Clean(o.Directory)
	o.Files, o.EnvFiles = under(o.Directory, o.Files), under(o.Directory, o.EnvFiles)
	if len(o.Command) == 0 {
		o.Command = []string{"docker", "compose"}
	}
	return &Project{options: o, reading: newTurn(cmp.Or(strings.Join(o.Files, ", "), o.Directory))}
}

// under makes paths absolute against a folder; the process's own is nobody's.
func under(dir string, paths []string) []string {
	var out []string
	for _, path := range paths {
		if !filepath.IsAbs(path) && !remote(path) {
			path = filepath.Join(dir, path)
		}
		out = append(out, path)
	}
	return out
}

// ProjectName returns the name that Compose itself would give to the project that o describes without one.
func ProjectName(ctx context.Context, o Options) (string, error) {
	o.Name = ""
	m, err := New(o).load(ctx)
	if err != nil {
		return "", err
	}
	return m.Name, nil
}

// model is a project as it was read: names, paths and variables are resolved, but not yet the files that
// env_file and label_file name. Nothing changes it.
type model struct {
	*types.Project
	// services are those of profiles that are off, too: naming a service switches its profile on.
	services types.Services
	// unset are the variables without a value and a default that any text uses.
	unset map[string]bool
	// written is the model before interpolation, which shows who uses what is unset. It is nil where a
	// text is valid only with its values.
	written func() map[string]any
}

// load reads the project. A file that is not there is NotFound, one that is wrong InvalidInput with the
// place where the reader knows it, and one that takes too long to read Unavailable.
func (p *Project) load(ctx context.Context) (*model, error) {
	return inTurn(ctx, p.reading, p.loadNow)
}

func (p *Project) loadNow(ctx context.Context) (*model, error) {
	unset := unsetNames{}
	o, err := p.read(cli.WithLoadOptions(unset.record))
	if err != nil {
		return nil, err
	}
	return p.memory.of(o, func() (*model, error) {
		if err := withinBounds(o); err != nil {
			return nil, err
		}
		project, err := o.LoadProject(ctx)
		if err != nil {
			return nil, p.invalid(err, o)
		}
		return &model{
			Project: project, services: project.AllServices(), unset: unset,
			written: sync.OnceValue(p.uninterpolated),
		}, nil
	})
}

func (p *Project) uninterpolated() map[string]any {
	o, err := p.read(cli.WithInterpolation(false))
	if err != nil {
		return nil
	}
	// Nobody waits long for it, and what it says is kept: no call's own end may end it.
	written, err := o.LoadModel(context.Background())
	if err != nil {
		return nil
	}
	return written
}

// noService says that a project has no service of a name: activities.ErrNoService.
type noService struct{ project, service string }

// Error names both.
func (e noService) Error() string {
	return fmt.Sprintf("the Compose project %s has no service %s", e.project, e.service)
}

// Is makes it an activities.ErrNoService.
func (noService) Is(target error) bool { return target == activities.ErrNoService }

// service returns a service as it was read. One that the project does not have is NotFound.
func (m *model) service(name string) (types.ServiceConfig, error) {
	s, ok := m.services[name]
	if !ok {
		return s, activities.Fail(activities.NotFound, noService{project: m.Name, service: name})
	}
	return s, nil
}

// resolve returns a service with what env_file and label_file name. It reads none of another service, so
// that a file that is missing there does not matter here.
func (m *model) resolve(name string) (types.ServiceConfig, error) {
	s, err := m.service(name)
	if err != nil {
		return s, err
	}
	// Compose sets the platform only for what it builds, as engines choose that of an image themselves.
	if s.Build != nil && s.Platform == "" {
		s.Platform = m.Environment["DOCKER_DEFAULT_PLATFORM"]
	}
	for _, file := range s.EnvFiles {
		if err := regular(file.Path); err != nil {
			return s, err
		}
	}
	for _, file := range s.LabelFiles {
		if err := regular(file); err != nil {
			return s, err
		}
	}
	one := types.Project{Environment: m.Environment, Services: types.Services{name: s}}
	labelled, err := one.WithServicesLabelsResolved(false)
	if err != nil {
		return s, unreadable("label_file", err)
	}
	resolved, err := labelled.WithServicesEnvironmentResolved(true)
	if err != nil {
		return s, unreadable("env_file", err)
	}
	return resolved.Services[name], nil
}

// named reads the project and returns one service of it, as it was read.
func (p *Project) named(ctx context.Context, name string) (*model, types.ServiceConfig, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, types.ServiceConfig{}, err
	}
	s, err := m.service(name)
	return m, s, err
}

// resolved reads the project and resolves one service of it.
func (p *Project) resolved(ctx context.Context, name string) (*model, types.ServiceConfig, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, types.ServiceConfig{}, err
	}
	s, err := inTurn(ctx, p.reading, func(context.Context) (types.ServiceConfig, error) { return m.resolve(name) })
	return m, s, err
}
