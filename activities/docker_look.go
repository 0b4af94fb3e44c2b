package activities

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// lookAt collects all that a plan about the named services is made from.
func (d *Docker) lookAt(ctx context.Context, project *Project, inventory scaling.Inventory, names []string) (scaling.Request, error) {
	seen := scaling.Request{Host: d.Host, Project: project.Name, Inventory: inventory, Endpoints: project.Endpoints, Policies: map[string]scaling.Policy{}, PolicyFaults: maps.Clone(project.PolicyFaults)}
	for _, name := range names {
		if policy, ok := project.Policies[name]; ok {
			seen.Policies[name] = policy
		}
	}
	services, err := project.Compose.Services(ctx)
	if err != nil {
		return seen, err
	}
	seen.Services = services
	resources, err := d.Engine.Resources(ctx)
	if err != nil {
		return seen, err
	}
	group, gctx := errgroup.WithContext(ctx)
	for i := range services {
		if s := &services[i]; slices.Contains(names, s.Name) && s.Fault == "" && s.Provider == "" {
			group.Go(func() error { return d.lookUp(gctx, project, inventory, resources, s) })
		}
	}
	if err := group.Wait(); err != nil {
		return seen, err
	}
	if slices.ContainsFunc(names, func(n string) bool { return !slices.ContainsFunc(inventory.Of(n), scaling.Replica.Live) }) {
		if _, err := project.Compose.Version(ctx); err != nil {
			seen.NoCompose = err.Error()
		}
	}
	d.markUnhealthy(ctx, project, names, &seen)
	return seen, d.lookAtRouter(ctx, project, names, &seen)
}

// markUnhealthy asks the health paths of running replicas: not every image brings a check of its own. What is
// unhealthy before a change is not judged as its doing.
func (d *Docker) markUnhealthy(ctx context.Context, project *Project, names []string, seen *scaling.Request) {
	replicas := slices.Clone(seen.Inventory.Replicas)
	var group errgroup.Group
	for i, r := range replicas {
		endpoint := project.Endpoints[r.Service]
		if slices.Contains(names, r.Service) && r.Running() && endpoint.Port > 0 && endpoint.Health != "" {
			group.Go(func() error {
				fails := func() bool { return d.Replicas.ask(ctx, r, Address(r, endpoint.Port, endpoint.Health)) != "" }
				first := fails()
				replicas[i].HealthFails = first && fails() // one slow answer says nothing
				return nil
			})
		}
	}
	_ = group.Wait() // who does not answer is the answer
	seen.Inventory.Replicas = replicas
}

// lookUp fills in what only the engine knows of a service, and what follows from both.
func (d *Docker) lookUp(ctx context.Context, project *Project, inventory scaling.Inventory, resources []scaling.Resource, s *scaling.Service) (err error) {
	if s.ImageID, err = d.Engine.ImageID(ctx, s.Image); err != nil {
		return err
	}
	if s.Hash, err = project.Compose.Hash(ctx, s.Name, ids(inventory, s.References)); err != nil {
		return d.fault(ctx, s, err)
	}
	wanted, err := project.Compose.Resources(ctx, s.Name)
	if err != nil {
		return d.fault(ctx, s, err)
	}
	s.Missing, s.Edited = compare(wanted, resources)
	replicas := inventory.Of(s.Name)
	for _, r := range replicas {
		if r.ConfigHash != s.Hash {
			s.Differences, err = d.differing(ctx, project, s, r, scaling.Differences)
			break
		}
	}
	if r, ok := scaling.Copied(*s, replicas); err == nil && ok && r.ConfigHash == s.Hash {
		s.ByHand, err = d.differing(ctx, project, s, r, scaling.ByHand)
	}
	return err
}

// fault keeps what is wrong with one service from getting into the way of the others.
func (d *Docker) fault(ctx context.Context, s *scaling.Service, err error) error {
	var class *Error
	if ctx.Err() != nil || !errors.As(err, &class) {
		return err
	}
	s.Fault = err.Error()
	return nil
}

// differing names the options by which a replica differs from the file, as the rule has it. A replica that is gone
// meanwhile differs in nothing.
func (d *Docker) differing(ctx context.Context, project *Project, s *scaling.Service, r scaling.Replica,
	rule func(file, container scaling.Shape) []string,
) ([]string, error) {
	file, err := project.Compose.Shape(ctx, s.Name)
	if err != nil {
		return nil, d.fault(ctx, s, err)
	}
	container, err := d.Engine.Shape(ctx, r.ID)
	var class *Error
	if errors.As(err, &class) && class.Class == NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return rule(file, container), nil
}

// ids are the ids of the containers of services, in the order of their names.
func ids(inventory scaling.Inventory, services []string) map[string][]string {
	out := map[string][]string{}
	for _, service := range services {
		replicas := inventory.Of(service)
		slices.SortFunc(replicas, func(a, b scaling.Replica) int { return cmp.Compare(a.Name, b.Name) })
		for _, r := range replicas {
			out[service] = append(out[service], r.ID)
		}
	}
	return out
}

// compare returns the external resources that the engine lacks, and those that it made from another
// definition than the present one. What has no hash label was not made by Compose.
func compare(wanted, have []scaling.Resource) (missing, edited []string) {
	for _, w := range wanted {
		i := slices.IndexFunc(have, func(h scaling.Resource) bool { return h.Kind == w.Kind && h.Name == w.Name })
		switch {
		case i < 0 && w.External:
			missing = append(missing, w.Kind+" "+w.Name)
		case i >= 0 && !w.External && have[i].Hash != "" && have[i].Hash != w.Hash:
			edited = append(edited, w.Kind+" "+w.Name)
		}
	}
	return missing, edited
}

// strays are, by service, the members of its upstream that are none of its replicas. An upstream that cannot be read
// says nothing here: the service itself cannot be changed then.
func strays(project *Project, inventory scaling.Inventory) map[string][]string {
	all := map[string][]string{}
	for name, endpoint := range project.Endpoints {
		if project.Nginx == nil || !endpoint.Routed() {
			continue
		}
		present, err := project.Nginx.Members(endpoint.Upstream)
		if err != nil {
			continue
		}
		if found := scaling.Strays(inventory.Of(name), endpoint.Port, present); len(found) > 0 {
			all[name] = found
		}
	}
	return all
}

// routerFault keeps what is wrong with the router. That nobody could look is an error: the next attempt may.
func routerFault(seen *scaling.Request, err error) error {
	if _, down := errors.AsType[RouterDown](err); !down && !Final(err) {
		return err
	}
	seen.RouterFault = err.Error()
	return nil
}

// lookAtRouter finds out where the project's router stands, where that matters, and whether it reaches the
// replicas that there are.
func (d *Docker) lookAtRouter(ctx context.Context, project *Project, names []string, seen *scaling.Request) error {
	seen.Strays = strays(project, seen.Inventory)
	routed := slices.ContainsFunc(names, func(n string) bool { return project.Endpoints[n].Routed() })
	if !routed || project.Nginx == nil {
		return nil
	}
	place, err := project.Nginx.Place(ctx)
	if err != nil {
		return routerFault(seen, err)
	}
	seen.Place, seen.Present = &place, map[string][]string{}
	var addresses []string
	for _, name := range names {
		endpoint := project.Endpoints[name]
		if !endpoint.Routed() {
			continue
		}
		if seen.Present[endpoint.Upstream], err = project.Nginx.Members(endpoint.Upstream); err != nil {
			return routerFault(seen, err)
		}
		replicas := slices.DeleteFunc(seen.Inventory.Of(name), func(r scaling.Replica) bool { return !r.Running() })
		if members, _, err := scaling.Members(place, replicas, endpoint.Port, seen.Present[endpoint.Upstream]); err == nil {
			addresses = append(addresses, members...)
		}
	}
	// A replica that answers nobody is found by its own checks; here only the way to it is in question.
	switch err := project.Nginx.Reach(ctx, addresses); {
	case errors.Is(err, ErrNoWayIn):
		seen.NotVerified = true
	case err != nil:
		seen.Unreached = err.Error()
	}
	return ctx.Err()
}
