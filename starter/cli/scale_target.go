package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// serviceName is a service as a person names it: Project is empty where it was left out.
type serviceName struct{ Project, Service string }

func parseService(text string) serviceName {
	project, service, ok := strings.Cut(text, "/")
	if !ok {
		return serviceName{Service: text}
	}
	return serviceName{Project: project, Service: service}
}

// find completes the name: the project is the one that --project names, else the only one of the host that
// lists the service, else the only one that there is.
func (n serviceName) find(host string, h config.Host, project string) (serviceName, error) {
	if n.Project == "" {
		n.Project = project
	}
	if n.Project != "" {
		if _, _, err := h.Project(n.Project); err != nil {
			return n, usage(host, err.Error(), "see starter service list")
		}
		return n, nil
	}
	var having []string
	for _, name := range h.Names() {
		if _, ok := h.Projects[name].Services[n.Service]; ok {
			having = append(having, name)
		}
	}
	if len(having) == 0 {
		having = switchedOffIn(h, n.Service)
	}
	if len(having) == 0 && len(h.Projects) > 1 {
		return n, usage(n.Service, fmt.Sprintf("no project on %s lists it: %s", host, strings.Join(h.Names(), ", ")),
			fmt.Sprintf("write PROJECT/%s, or list it in evenkeel.yaml", n.Service))
	}
	if len(having) == 0 {
		having = h.Names()
	}
	if len(having) > 1 {
		return n, usage(n.Service, fmt.Sprintf("it may be of several projects on %s: %s", host, strings.Join(having, ", ")),
			fmt.Sprintf("write %s/%s", strings.Join(having, "/"+n.Service+" or "), n.Service))
	}
	n.Project = having[0]
	return n, nil
}

// switchedOffIn are the projects that have a service written switched off, with the reason.
func switchedOffIn(h config.Host, service string) []string {
	var out []string
	for _, name := range h.Names() {
		if _, off := h.Projects[name].SwitchedOff[service]; off {
			out = append(out, name)
		}
	}
	return out
}

// heeded refuses a --project that none of the names heeds, because each has another project of its own.
func heeded(project string, names []serviceName) error {
	if project == "" || len(names) == 0 || slices.ContainsFunc(names, func(n serviceName) bool { return n.Project == "" || n.Project == project }) {
		return nil
	}
	return usage("--project", "it names "+project+", and every service is written with another project", "leave one of them out")
}

// target is what a person wants of one service.
type target struct {
	serviceName
	replicas int
}

// composeName is what Compose takes for the name of a service or a project.
var composeName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func parseTargets(args []string) ([]target, error) {
	var targets []target
	for _, arg := range args {
		name, number, ok := strings.Cut(arg, "=")
		n, err := strconv.Atoi(number)
		if strings.HasPrefix(number, "+") {
			return nil, usage("scale", fmt.Sprintf("%q: a number is how many there are to be, not how many more", arg), "write it without a sign, such as app=4")
		}
		service := parseService(name)
		if !ok || err != nil || n < 0 || strings.HasPrefix(name, "/") || !composeName.MatchString(service.Service) ||
			service.Project != "" && !composeName.MatchString(service.Project) {
			return nil, usage("scale", fmt.Sprintf("%q is not SERVICE=N", arg), "write a service and a whole number of replicas, such as app=4 or shop/app=4")
		}
		targets = append(targets, target{service, n})
	}
	return targets, nil
}

// byProject finds the projects of all targets and gathers what is wanted of each, in the order of the words.
func byProject(host string, h config.Host, project string, targets []target) (names []string, wanted map[string][]scaling.Target, err error) {
	var asked []serviceName
	for _, t := range targets {
		asked = append(asked, t.serviceName)
	}
	if err := heeded(project, asked); err != nil {
		return nil, nil, err
	}
	wanted = map[string][]scaling.Target{}
	var faults []error
	for _, t := range targets {
		name, err := t.find(host, h, project)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if why, off := h.Projects[name.Project].SwitchedOff[name.Service]; off {
			faults = append(faults, no(name.Service, "it is switched off in evenkeel.yaml, because "+why,
				"where that has changed, or --shared-volume is meant, remove the # before its keys there and restart evenkeel"))
			continue
		}
		if slices.ContainsFunc(wanted[name.Project], func(o scaling.Target) bool { return o.Service == name.Service }) {
			return nil, nil, usage("scale", name.Service+" is named twice", "name each service once")
		}
		if !slices.Contains(names, name.Project) {
			names = append(names, name.Project)
		}
		wanted[name.Project] = append(wanted[name.Project], scaling.Target{Service: name.Service, Replicas: t.replicas})
	}
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	return names, wanted, nil
}
