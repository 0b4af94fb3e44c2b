package cli

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// seenProject is a Compose project as the labels of its containers show it.
type seenProject struct {
	name       string
	containers []container
}

// grouped divides containers into their projects, by name.
func grouped(all []container) []seenProject {
	projects := map[string][]container{}
	for _, c := range all {
		projects[c.project()] = append(projects[c.project()], c)
	}
	var out []seenProject
	for _, name := range slices.Sorted(maps.Keys(projects)) {
		out = append(out, seenProject{name: name, containers: projects[name]})
	}
	return out
}

// directories are the folders that the labels name, that of the newest container first.
func (p seenProject) directories() []string {
	var out []string
	for _, c := range slices.SortedStableFunc(slices.Values(p.containers), func(a, b container) int { return cmp.Compare(b.Created, a.Created) }) {
		if dir := c.Labels[labelDir]; dir != "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

// directory is that of the newest container; empty where no label names one.
func (p seenProject) directory() string { return cmp.Or(append(p.directories(), "")...) }

func (p seenProject) running() bool { return slices.ContainsFunc(p.containers, container.running) }

// services are the names of the services that have containers, sorted.
func (p seenProject) services() []string {
	names := map[string]bool{}
	for _, c := range p.containers {
		names[c.service()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// of are the containers of one service, in order of their number.
func (p seenProject) of(service string) []container {
	var out []container
	for _, c := range p.containers {
		if c.service() == service {
			out = append(out, c)
		}
	}
	return out
}

// seen is what Compose's model needs to know of the containers.
func (p seenProject) seen() compose.Seen {
	seen := compose.Seen{Project: p.name}
	for _, c := range p.containers {
		seen.Containers = append(seen.Containers, compose.SeenContainer{
			ID: c.ID, Name: c.name(), Service: c.service(), Created: time.Unix(c.Created, 0), Hash: c.Labels[labelHash],
			WorkingDir: c.Labels[labelDir], ConfigFiles: listed(c.Labels[labelFiles]), EnvFiles: listed(c.Labels[labelEnvFiles]),
		})
	}
	return seen
}

func listed(label string) []string {
	if label == "" {
		return nil
	}
	return strings.Split(label, ",")
}

// sharing returns the directory that two of the projects have in their labels, and the names of both, where
// one of the wanted is among them; empty where there is none.
func sharing(projects []seenProject, wanted string) (directory, other string) {
	for _, p := range projects {
		if p.name != wanted {
			continue
		}
		for _, q := range projects {
			for _, dir := range p.directories() {
				if q.name != p.name && slices.Contains(q.directories(), dir) {
					return dir, q.name
				}
			}
		}
	}
	return "", ""
}
