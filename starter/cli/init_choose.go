package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// chosen is a Compose project that the new configuration is to have.
type chosen struct {
	// name is empty where Compose itself is to say it.
	name, directory string
	// several says that the configuration is to have more than this one.
	several bool
	// named says that a person named the directory: nothing is taken from another one.
	named bool
	// seen has no containers where nothing of the project was ever made.
	seen seenProject
}

// choose finds the projects that are meant: those that are named; else that of the folder; else the only one
// that runs here.
func choose(ctx context.Context, projects []seenProject, folder, directory string, names []string) ([]chosen, error) {
	switch {
	case directory != "" && len(names) > 1:
		return nil, usage("init", "--directory holds one project, and several are named", "leave --directory out")
	case directory != "":
		one, err := inDirectory(ctx, projects, directory, strings.Join(names, ""))
		one.named = true
		return []chosen{one}, ofFiles(err)
	case len(names) > 0:
		return byName(projects, names)
	}
	one, err := inDirectory(ctx, projects, folder, "")
	if !errors.Is(err, compose.ErrNoFile) {
		return []chosen{one}, ofFiles(err)
	}
	running := slices.DeleteFunc(slices.Clone(projects), func(p seenProject) bool { return !p.running() || p.directory() == "" })
	switch len(running) {
	case 0:
		return nil, usage("init", "there is no Compose file in "+folder+", and no Compose project runs here", "name its folder with --directory")
	case 1:
		return byName(projects, []string{running[0].name})
	}
	var lines []string
	for _, p := range running {
		lines = append(lines, fmt.Sprintf("%s in %s (%s)", p.name, p.directory(), strings.Join(p.services(), ", ")))
	}
	return nil, usage("init", "several Compose projects run here: "+strings.Join(lines, "; "),
		"name one, as in starter init --project "+running[0].name+", or several by --project for each")
}

// inDirectory finds the project whose files lie in a folder. Its containers may have another name than its
// files say, where it was run with -p.
func inDirectory(ctx context.Context, projects []seenProject, directory, name string) (chosen, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return chosen{}, failed("init", err.Error(), "")
	}
	one := chosen{name: name, directory: directory}
	for _, p := range projects {
		if one.name == "" && p.directory() == directory {
			one.name = p.name
		}
	}
	if one.name == "" {
		if one.name, err = compose.ProjectName(ctx, compose.Options{Directory: directory}); err != nil {
			return chosen{}, err
		}
	}
	one.seen.name = one.name
	for _, p := range projects {
		if p.name == one.name {
			one.seen = p
		}
	}
	return one, single(projects, one.name)
}

// ofFiles says what to do about Compose files that cannot be read; what is said already stays.
func ofFiles(err error) error {
	if _, known := errors.AsType[*failure](err); known || err == nil {
		return err
	}
	return usage("init", err.Error(), "correct it, or name another project with --project or --directory")
}

func byName(projects []seenProject, names []string) ([]chosen, error) {
	var out []chosen
	several := len(slices.Compact(slices.Sorted(slices.Values(names)))) > 1
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		at := slices.IndexFunc(projects, func(p seenProject) bool { return p.name == name })
		if at < 0 {
			var known []string
			for _, p := range projects {
				known = append(known, p.name)
			}
			return nil, usage("init", fmt.Sprintf("no container here belongs to a Compose project %s; there are %s", name, orNone(known)), "name its folder with --directory")
		}
		if err := single(projects, name); err != nil {
			return nil, err
		}
		if projects[at].directory() == "" {
			return nil, usage("init", "the containers of "+name+" do not say where its files are", "name their folder with --directory")
		}
		out = append(out, chosen{name: name, directory: projects[at].directory(), seen: projects[at], several: several})
	}
	return out, nil
}

// single refuses a folder that holds containers of two projects: one of them is there by mistake, and what is
// scaled in the wrong one serves nobody.
func single(projects []seenProject, name string) error {
	directory, other := sharing(projects, name)
	if directory == "" {
		return nil
	}
	return no("init", fmt.Sprintf("the containers of two Compose projects, %s and %s, say that they are from %s", name, other, directory),
		"look with docker compose ls -a which of them serves, remove the other one's containers, and try again")
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
