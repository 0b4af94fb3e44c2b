package app

import (
	"fmt"
	"slices"

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
func newAdapters(c *config.Config, set *templates.Set, name string, host config.Host, temporal client.Client, probe activities.GPUs, book activities.Ledger) (HostActivities, error) {
	engine, err := dockerd.New()
	if err != nil {
		return HostActivities{}, err
	}
	projects, err := projectsOf(c, set, host, engine)
	if err != nil {
		return HostActivities{}, err
	}
	replicas := &activities.Replicas{Engine: engine, Prober: httpprobe.New(), Projects: projects}
	vram := &activities.VRAM{
		Projects: projects, Engine: engine, GPUs: probe, Books: books{temporal, name}, HeadroomRatio: c.GPU.HeadroomRatio,
	}
	ops, err := operations.New(operations.Options{
		Replicas: replicas, Projects: projects, Dialer: handshake.Dialer{}, GPUs: probe, Metrics: metrics(c.Prometheus.URL),
		Commands: c.Commands, Runner: command.New(), Groups: c.Groups, Ledger: book,
	})
	if err != nil {
		return HostActivities{}, err
	}
	return HostActivities{
		Docker:     &activities.Docker{Host: name, Engine: engine, Projects: projects, Replicas: replicas, VRAM: vram, Configuration: c.SHA256},
		Replicas:   replicas,
		Router:     &activities.Router{Replicas: replicas},
		VRAM:       vram,
		Operations: ops,
		Runbooks:   runbooks(c, set, book, ops),
		People:     &activities.People{Groups: c.Groups, Approvals: c.Approvals},
	}, nil
}

// projectsOf connects the Compose projects of a host.
func projectsOf(c *config.Config, set *templates.Set, host config.Host, engine *dockerd.Engine) (activities.Projects, error) {
	projects := activities.Projects{}
	for name, p := range host.Projects {
		policies, endpoints, err := services(c, set, p)
		if err != nil {
			return nil, err
		}
		fallback, _ := set.DefaultPolicy()
		token, err := host.AdminToken(name)
		if err != nil {
			return nil, fmt.Errorf("project %s: %w", name, err)
		}
		product := admin.New(token)
		projects[name] = &activities.Project{
			Name: name, Policies: policies, Default: fallback, Endpoints: endpoints,
			Compose: compose.New(compose.FromConfig(host, name)),
			Nginx:   router(engine, name, p.Nginx), Product: product, API: product, Admin: p.Admin,
		}
	}
	return projects, nil
}

// metrics returns the Prometheus at url; nil when none is configured.
func metrics(url string) activities.Metrics {
	if url == "" {
		return nil
	}
	return prom.New(url)
}

// services pairs every service of a project with its endpoint and with the policy that it names, else with that of
// templates.Set.PolicyOf; one that has none is not scaled.
func services(c *config.Config, set *templates.Set, p config.Project) (map[string]scaling.Policy, map[string]scaling.Endpoint, error) {
	policies, endpoints := map[string]scaling.Policy{}, map[string]scaling.Endpoint{}
	for name, service := range p.Services {
		policy, ok := set.PolicyOf(name)
		if service.Policy != "" {
			if policy, ok = set.Policy(service.Policy); !ok && !slices.Contains(c.Disabled, service.Policy) {
				return nil, nil, fmt.Errorf("%s: services.%s.policy: no ScalingPolicy is named %q", c.Path, name, service.Policy)
			}
		}
		if ok {
			policies[name] = policy
		}
		endpoints[name] = service.Endpoint()
	}
	return policies, endpoints, nil
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
