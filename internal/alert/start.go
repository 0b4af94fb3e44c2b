package alert

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Start is a run to start, or to find at work: one of the same id is the same.
type Start struct {
	// ID is the id of the run, exactly as that of any other start: runbook.Subject.
	ID string
	// Runbook is the name of the definition. Project is empty for a runbook about the host.
	Runbook, Host, Project string
	// Inputs are what labels or a body gave, and Filled has the defaults, too.
	Inputs, Filled condition.Values
	// Key is the concurrency key, Policy what the definition says of a second start, Description what it is for.
	Key, Policy, Description string
	// By is who wants it, "alertmanager" or "hook:NAME", Kind the kind of evidence for that, and Why the reason in a sentence.
	By   string
	Kind identity.Kind
	Why  string
	// Delivery tells the message that it came by from others, in hexadecimal digits: the same one starts nothing twice.
	Delivery string
	// At is when it was said.
	At time.Time
}

// Projects are the names of the Compose projects by host.
type Projects map[string][]string

// place is what a run is about. A host may be left out where there is one, a project where its host has one; a runbook
// about the host has none, whatever project is named.
func (p Projects) place(d runbook.Definition, host, project string) (string, string, error) {
	if host == "" {
		if len(p) != 1 {
			return "", "", errors.New("no host is named, and the configuration has several")
		}
		for only := range p {
			host = only
		}
	}
	projects, ok := p[host]
	switch {
	case !ok:
		return "", "", fmt.Errorf("the configuration has no host %q", shown(host))
	case d.Scope == runbook.ScopeHost:
		return host, "", nil
	case project == "" && len(projects) == 1:
		return host, projects[0], nil
	case project == "":
		return "", "", fmt.Errorf("no project is named, and the host %s has %s", host, strings.Join(projects, ", "))
	case !slices.Contains(projects, project):
		return "", "", fmt.Errorf("the host %s has no project %q", host, shown(project))
	}
	return host, project, nil
}

// start makes the start of a runbook with what is given. The error says in one line why it cannot be started so.
func (p Projects) start(d runbook.Definition, host, project string, given condition.Values, by string, kind identity.Kind, now time.Time) (Start, error) {
	host, project, err := p.place(d, host, project)
	if err != nil {
		return Start{}, err
	}
	filled, problem := input.Fill(d.Inputs, given)
	if problem != "" {
		return Start{}, errors.New(problem)
	}
	keys, err := runbook.FindKeys(d, host, by, filled, now)
	if err != nil {
		return Start{}, err
	}
	return Start{
		ID: runbook.Subject(host, project, d.Name, keys.Concurrency), Runbook: d.Name, Host: host, Project: project, Inputs: given, Filled: filled,
		Key: keys.Concurrency, Policy: d.Concurrency.Policy, Description: d.Description, By: by, Kind: kind, At: now,
	}, nil
}

// maxShown is how much of a text from outside is repeated in a reason, in bytes.
const maxShown = 60

func shown(text string) string { return text[:min(len(text), maxShown)] }
