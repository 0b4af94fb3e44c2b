package activities

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Project is one Compose project of this host, with what speaks to it.
type Project struct {
	Name    string
	Compose Compose
	// Endpoints are those of the services that the configuration lists, and Policies theirs by which they may
	// be scaled: a service without one is not scaled.
	Endpoints map[string]scaling.Endpoint
	Policies  map[string]scaling.Policy
	// PolicyFaults say why a service has no policy, where that is a fault of the policy's file.
	PolicyFaults map[string]string
	// Default gives the times for the restart of a service without a policy; DefaultFault is why there is none.
	Default      scaling.Policy
	DefaultFault string
	// Nginx is nil where no router is managed.
	Nginx Nginx
	// Product speaks to one replica about its own work, and API to the product behind Admin.
	Product Product
	API     ProductAPI
	Admin   config.Admin
}

// restartPolicy has the times for a restart, which every service may have. Of the work of one that the configuration
// does not list nothing is known: it gets the time that its Compose file gives it to stop, and none to drain.
func (p *Project) restartPolicy(service string) scaling.Policy {
	if policy, ok := p.Policies[service]; ok {
		return policy
	}
	policy := p.Default
	if _, listed := p.Endpoints[service]; !listed {
		policy.DrainSeconds = 0
	}
	return policy
}

// restartFault is why there are no such times.
func (p *Project) restartFault(service string) string {
	if _, ok := p.Policies[service]; ok {
		return ""
	}
	return cmp.Or(p.PolicyFaults[service], p.DefaultFault)
}

// minimum is how few replicas of a service a run may leave by itself: at least one.
func (p *Project) minimum(service string) int { return max(p.Policies[service].Min, 1) }

// Projects are the Compose projects of this host, by name.
type Projects map[string]*Project

// Of returns the project of that name. Another one is InvalidInput.
func (p Projects) Of(name string) (*Project, error) {
	if project, ok := p[name]; ok {
		return project, nil
	}
	return nil, Fail(InvalidInput, fmt.Errorf("this worker serves no project %q; it serves %s; restart evenkeel there after an edit of evenkeel.yaml", name, strings.Join(p.Names(), ", ")))
}

// Names are sorted.
func (p Projects) Names() []string { return slices.Sorted(maps.Keys(p)) }
