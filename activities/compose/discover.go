package compose

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// Seen is what the engine knows of a project: its containers, one-off ones left out.
type Seen struct {
	// Project is the project's name.
	Project    string
	Containers []SeenContainer
}

// SeenContainer is what a container's labels say of how it was made. A later `up` that leaves the
// container alone does not touch them.
type SeenContainer struct {
	ID, Name, Service string
	Created           time.Time
	// Hash is the config-hash label.
	Hash string
	// WorkingDir is the folder of the project's files, ConfigFiles are those files and EnvFiles those
	// that were named with `--env-file`; a .env is never among them.
	WorkingDir            string
	ConfigFiles, EnvFiles []string
}

// Found is how a project is read so that it is what runs.
type Found struct {
	Options Options
	// Unfit are the services of which the newest container is not what the files say now, sorted; none
	// is proof that files, env files and variables are those that Compose was run with.
	Unfit []string
}

// Discover finds how the project was run: by Compose's own rules in its folder or the one above, which
// may name the files, or with the files and env files of the newest container. What fits the hashes of
// all services is taken, else what fits most of them. Where nothing can be read the error of the last
// way is returned. several is that of Options.
func Discover(ctx context.Context, seen Seen, several bool) (Found, error) {
	if len(seen.Containers) == 0 {
		return Found{}, activities.Fail(activities.NotFound, errors.New("the project "+seen.Project+" has no container; name its folder"))
	}
	last := slices.MaxFunc(seen.Containers, older)
	dir := last.WorkingDir
	if !filepath.IsAbs(dir) {
		return Found{}, activities.Fail(activities.NotFound, errors.New("the containers of "+seen.Project+" do not say where its files are; name its folder"))
	}
	ways := []Options{
		{Directory: dir},
		{Directory: filepath.Dir(dir)},
		{Directory: dir, EnvFiles: last.EnvFiles},
		{Directory: dir, EnvFiles: last.EnvFiles, Files: last.ConfigFiles},
	}
	var best *Found
	var failed error
	for _, way := range ways {
		way.Name, way.Several = seen.Project, several
		unfit, err := New(way).Unfit(ctx, seen)
		if err != nil {
			failed = err
			continue
		}
		if best == nil || len(unfit) < len(best.Unfit) {
			best = &Found{Options: way, Unfit: unfit}
		}
		if len(unfit) == 0 {
			break
		}
	}
	if best == nil {
		return Found{}, failed
	}
	return *best, nil
}

// Unfit returns the services of which the newest container was made from something else than the project's
// files, env files and variables say now; sorted. None proves all of them right.
func (p *Project) Unfit(ctx context.Context, seen Seen) ([]string, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	return inTurn(ctx, p.reading, func(context.Context) ([]string, error) { return m.unfit(seen), nil })
}

func (m *model) unfit(seen Seen) (out []string) {
	newest, ids := seen.newest(), seen.ids()
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		s, err := m.resolve(name)
		if err == nil {
			var label string
			if label, err = hash(s, ids); err == nil && label == newest[name].Hash {
				continue
			}
		}
		out = append(out, name)
	}
	return out
}

func older(a, b SeenContainer) int { return a.Created.Compare(b.Created) }

// newest returns the newest container of each service.
func (s Seen) newest() map[string]SeenContainer {
	out := map[string]SeenContainer{}
	for _, c := range s.Containers {
		if has, ok := out[c.Service]; !ok || older(has, c) < 0 {
			out[c.Service] = c
		}
	}
	return out
}

// ids returns the ids of each service's containers in the order of their names.
func (s Seen) ids() map[string][]string {
	out := map[string][]string{}
	for _, c := range slices.SortedFunc(slices.Values(s.Containers), func(a, b SeenContainer) int {
		return strings.Compare(a.Name, b.Name)
	}) {
		out[c.Service] = append(out[c.Service], c.ID)
	}
	return out
}
