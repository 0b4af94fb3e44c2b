package templates

import (
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/internal/config"
)

// Installation is what one host of a configuration begins with: the configuration and all that it names.
type Installation struct {
	Config *config.Config
	// Host is the host's name, and Projects are its Compose projects.
	Host     string
	Projects config.Host
	// Definitions are those that are used; see Set.Faulty.
	Definitions *Set
	// Tokens are the admin tokens by project. They are secrets.
	Tokens map[string]string
	// Outside are the secrets of the services outside.
	Outside config.Outside
	// Ingress are the secrets of what comes in from outside; nil where nothing comes in on this host.
	Ingress *config.IngressSecrets
	// Slack are the secrets of presses that come in from Slack; nil where none do on this host.
	Slack *config.SlackSecrets
}

// Install reads what a configuration names for a host; empty is the host of config.Config.Host. evenkeel and worker
// begin with it, and doctor tells its error, so that they agree on what a usable configuration is.
func Install(c *config.Config, host string) (*Installation, error) {
	name, projects, err := c.Host(host)
	if err != nil {
		return nil, err
	}
	in := &Installation{Config: c, Host: name, Projects: projects, Tokens: map[string]string{}}
	if in.Definitions, err = Open(c); err != nil {
		return nil, Placed(c, err)
	}
	if err := checkPolicies(c, in.Definitions); err != nil {
		return nil, err
	}
	if err := checkHooks(c, in.Definitions); err != nil {
		return nil, err
	}
	if c.Listens(name) {
		secrets, err := c.IngressSecrets()
		if err != nil {
			return nil, err
		}
		in.Ingress = &secrets
	}
	if c.TakesPresses(name) {
		secrets, err := c.SlackSecrets()
		if err != nil {
			return nil, err
		}
		in.Slack = &secrets
	}
	for _, project := range slices.Sorted(maps.Keys(projects.Projects)) {
		if in.Tokens[project], err = projects.AdminToken(project); err != nil {
			return nil, fmt.Errorf("project %s: %w", project, err)
		}
	}
	if in.Outside, err = c.Outside(); err != nil {
		return nil, err
	}
	return in, nil
}

// checkPolicies looks whether the policies that services name are there. One that is disabled or has a fault only
// keeps its service from being scaled.
func checkPolicies(c *config.Config, set *Set) error {
	for _, host := range slices.Sorted(maps.Keys(c.Hosts)) {
		for _, project := range slices.Sorted(maps.Keys(c.Hosts[host].Projects)) {
			services := c.Hosts[host].Projects[project].Services
			for _, service := range slices.Sorted(maps.Keys(services)) {
				name := services[service].Policy
				if _, ok := set.Policy(name); name != "" && !ok && !slices.Contains(c.Disabled, name) && set.PolicyFault(name) == "" {
					return c.Fault("hosts."+host+".projects."+project+".services."+service+".policy", "no ScalingPolicy is named %q; name one that is there, or remove the line", name)
				}
			}
		}
	}
	return nil
}
