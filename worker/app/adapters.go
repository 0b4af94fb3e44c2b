package app

import (
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/admin"
	"github.com/evenkeel/evenkeel/activities/command"
	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/activities/dockerd"
	"github.com/evenkeel/evenkeel/activities/greet"
	"github.com/evenkeel/evenkeel/activities/httpprobe"
	"github.com/evenkeel/evenkeel/activities/nginx"
	"github.com/evenkeel/evenkeel/activities/prom"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/templates"
)

// newAdapters connects the activities of one host to Docker, Compose, nginx, its GPUs and the product.
func newAdapters(c *config.Config, set *templates.Set, name string, host config.Host, temporal client.Client, probe activities.GPUs) (activities.Host, error) {
	policies, endpoints, err := services(c, set)
	if err != nil {
		return activities.Host{}, err
	}
	token, err := c.AdminToken()
	if err != nil {
		return activities.Host{}, err
	}
	engine, err := dockerd.New()
	if err != nil {
		return activities.Host{}, err
	}
	project := host.Compose.Project
	product, prober := admin.New(token), httpprobe.New()
	file := compose.New(host.Compose.File, project, nil)
	replicas := &activities.Replicas{
		Project: project, Engine: engine, Prober: prober, Product: product, Nginx: router(engine, project, host.Nginx),
	}
	vram := &activities.VRAM{
		Project: project, Engine: engine, GPUs: probe, Books: books{temporal, name}, HeadroomRatio: c.GPU.HeadroomRatio,
	}
	return activities.Host{
		Docker: &activities.Docker{
			Host: name, Project: project, Engine: engine, Compose: file, VRAM: vram,
			Policies: policies, Endpoints: endpoints,
		},
		Replicas: replicas,
		Router:   &activities.Router{Replicas: replicas},
		VRAM:     vram,
		Operations: &activities.Operations{
			Replicas: replicas, Compose: file, Dialer: greet.Greeter{}, GPUs: probe, Policies: policies, Endpoints: endpoints,
			Metrics: metrics(c.Prometheus.URL), Admin: c.Admin, API: product,
			Commands: c.Commands, Runner: command.New(), Groups: c.Groups,
		},
	}, nil
}

// metrics returns the Prometheus at url; nil when none is configured.
func metrics(url string) activities.Metrics {
	if url == "" {
		return nil
	}
	return prom.New(url)
}

// services pairs every service of the configuration with its policy and its endpoint.
func services(c *config.Config, set *templates.Set) (map[string]scaling.Policy, map[string]scaling.Endpoint, error) {
	policies, endpoints := map[string]scaling.Policy{}, map[string]scaling.Endpoint{}
	for name, service := range c.Services {
		wanted := service.Policy
		if wanted == "" {
			wanted = name
		}
		policy, ok := set.Policy(wanted)
		if !ok && service.Policy != "" {
			return nil, nil, fmt.Errorf("%s: services.%s.policy: no ScalingPolicy is named %q", c.Path, name, wanted)
		}
		if ok {
			policies[name] = policy
		}
		endpoints[name] = service.Endpoint()
	}
	return policies, endpoints, nil
}

// router returns the host's nginx, in its container or on the host; nil when none is configured.
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
