package app

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/admin"
	"github.com/evenkeel/evenkeel/activities/command"
	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/activities/dockerd"
	"github.com/evenkeel/evenkeel/activities/handshake"
	"github.com/evenkeel/evenkeel/activities/httpprobe"
	"github.com/evenkeel/evenkeel/activities/nginx"
	"github.com/evenkeel/evenkeel/activities/operations"
	"github.com/evenkeel/evenkeel/activities/prom"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/templates"
)

// newAdapters connects the activities of one host to Docker, its Compose projects, its GPUs and the products.
func newAdapters(in *templates.Installation, temporal client.Client, probe activities.GPUs, book activities.Ledger, chat activities.Chat, proven *proof, commands string) (HostActivities, error) {
	engine, err := dockerd.New()
	if err != nil {
		return HostActivities{}, err
	}
	c, name, projects := in.Config, in.Host, projectsOf(in, engine)
	replicas := &activities.Replicas{Engine: engine, Prober: httpprobe.New(), Projects: projects}
	vram := &activities.VRAM{
		Projects: projects, Engine: engine, GPUs: probe, Books: books{temporal, name}, HeadroomRatio: c.GPU.HeadroomRatio,
	}
	definitions, err := installed(in.Definitions)
	if err != nil {
		return HostActivities{}, err
	}
	people := &activities.People{
		Asked:   activities.Since,
		Cluster: proven.cluster, Signers: proven.allowed, Hosts: proven.hosts, Persons: c.People, Groups: c.Groups, Rota: c.OncallRota(), Approvals: c.Approvals, Ingress: c.Ingress.Hosts,
		Host: name, Ledger: book, Installed: definitions,
	}
	if s := c.Slack; s != nil {
		people.SlackIngress, people.SlackTeam = s.Ingress, s.Team
		people.SlackGroups = &activities.SlackGroups{Chat: chat, Now: time.Now}
	}
	ops, err := operations.New(operations.Options{
		Replicas: replicas, Projects: projects, Dialer: handshake.Dialer{}, GPUs: probe, Metrics: metrics(c.Prometheus.URL),
		Commands: c.Commands, Runner: command.New(commands), Groups: c.Groups, Ledger: book, People: people,
	})
	if err != nil {
		return HostActivities{}, err
	}
	return HostActivities{
		Docker: &activities.Docker{
			Host: name, Engine: engine, Projects: projects, Replicas: replicas, VRAM: vram, Configuration: c.SHA256, Definitions: in.Definitions.SHA256(), Key: proven.key.Public(), People: people,
		},
		Replicas:   replicas,
		Router:     &activities.Router{Replicas: replicas},
		VRAM:       vram,
		Operations: ops,
		Runbooks:   runbooks(c, in.Definitions, book, ops, people),
		People:     people,
	}, nil
}

// ownCommands is the folder with a note of each command at work. What is left of those of a worker before this one is
// ended first.
func ownCommands(logger *slog.Logger) (string, error) {
	dir, err := config.StateDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "commands")
	ended, err := command.EndLeftovers(dir)
	if err != nil {
		return "", fmt.Errorf("commands of a worker before: %w", err)
	}
	if ended > 0 {
		logger.Warn("ended what was left of commands of a worker before this one", "processes", ended)
	}
	return dir, nil
}

// projectsOf connects the Compose projects of a host.
func projectsOf(in *templates.Installation, engine *dockerd.Engine) activities.Projects {
	projects := activities.Projects{}
	for name, p := range in.Projects.Projects {
		policies, faults, endpoints := services(in.Definitions, p)
		fallback, _ := in.Definitions.DefaultPolicy()
		product := admin.New(in.Tokens[name])
		projects[name] = &activities.Project{
			Name: name, Policies: policies, PolicyFaults: faults, Default: fallback, DefaultFault: in.Definitions.DefaultPolicyFault(),
			Endpoints: endpoints, Compose: compose.New(compose.FromConfig(in.Projects, name)),
			Nginx: router(engine, name, p.Nginx), Product: product, API: product, Admin: p.Admin,
		}
	}
	return projects
}

// metrics returns the Prometheus at url; nil when none is configured.
func metrics(url string) activities.Metrics {
	if url == "" {
		return nil
	}
	return prom.New(url)
}

// services pairs every service of a project with its endpoint and with the policy that it names, else with that of
// templates.Set.PolicyOf; one that has none is not scaled, and faults says why where that is a fault of a file.
func services(set *templates.Set, p config.Project) (policies map[string]scaling.Policy, faults map[string]string, endpoints map[string]scaling.Endpoint) {
	policies, faults, endpoints = map[string]scaling.Policy{}, map[string]string{}, map[string]scaling.Endpoint{}
	for name, service := range p.Services {
		policy, ok := set.PolicyOf(name)
		fault := set.PolicyOfFault(name)
		if service.Policy != "" {
			policy, ok = set.Policy(service.Policy)
			fault = set.PolicyFault(service.Policy)
		}
		if ok {
			policies[name] = policy
		} else if fault != "" {
			faults[name] = fault
		}
		endpoints[name] = service.Endpoint()
	}
	return policies, faults, endpoints
}

// router returns a project's nginx, in its container or on the host; nil when none is configured.
func router(engine *dockerd.Engine, project string, n *config.Nginx) activities.Nginx {
	switch {
	case n == nil:
		return nil
	case n.Service != "":
		return nginx.New(n.Upstreams, dockerd.NewProcess(engine, project, n.Service))
	default:
		return nginx.New(n.Upstreams, nginx.HostProcess(n.Config, n.PIDFile))
	}
}
