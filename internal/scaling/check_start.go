package scaling

import (
	"cmp"
	"slices"
)

// checkImage refuses to make replicas of an image that is not there.
func checkImage(req Request, c Change, s Service, f *findings) {
	if len(c.Add) == 0 {
		return
	}
	if s.ImageID == "" {
		f.refuse(ImageAbsent, "the engine has no image %s; pull or build it first", s.Image)
	}
	if c.Bootstrap && req.NoCompose != "" {
		f.refuse(ComposeMissing, "%s has no replica to copy, so `docker compose` must make the first: %s", c.Service, req.NoCompose)
	}
}

// checkVolumesThatGo refuses to delete what a stopped replica keeps in volumes without a name, to make room for the
// first one: Compose would hand them on.
func checkVolumesThatGo(c Change, f *findings) {
	if !c.Bootstrap {
		return
	}
	for _, r := range c.Discard {
		if len(r.AnonymousVolumes) > 0 {
			f.refuse(AnonymousVolume, "%s is %s and would go, and with it what it keeps in volumes without a name at %s; `docker compose up -d --no-deps %s` hands them on, `docker rm -v %s` gives them up",
				r.Name, r.State, list(r.AnonymousVolumes), c.Service, r.Name)
		}
	}
}

// checkJob refuses to run more of what ends by itself.
func checkJob(c Change, s Service, f *findings) {
	if c.Grows() && len(s.AwaitedBy) > 0 {
		f.refuse(Job, "%s is a job: %s until it has completed, so it has no replicas that keep running; `docker compose run %s` runs it once more",
			s.Name, waits(s.AwaitedBy), s.Name)
	}
}

func waits(services []string) string {
	if len(services) == 1 {
		return services[0] + " waits"
	}
	return list(services) + " wait"
}

// checkWarmUp refuses a start of which it is known that no replica can be ready in time: where nothing else says that
// one is healthy, its container health check has to, and says so first when its interval is over. The check may be
// that of the image, which only containers show, with the interval of the file.
func checkWarmUp(req Request, c Change, s Service, f *findings) {
	checked := s.HealthCheck || s.HealthIntervalSeconds > 0 &&
		slices.ContainsFunc(req.Inventory.Of(s.Name), func(r Replica) bool { return r.Health != "" })
	if !c.Grows() || !checked || c.Policy.Name == "" || c.Endpoint.Port > 0 && c.Endpoint.Health != "" {
		return
	}
	interval := cmp.Or(s.HealthIntervalSeconds, defaultHealthInterval)
	if interval >= c.Policy.WarmUpSeconds {
		f.refuse(HealthTooLate, "the health check of %s first answers after its interval of %d s, and warm_up of its policy is %d s: no replica could be ready in time; "+
			"give the policy a longer warm_up, the check a shorter interval, or %s a path to ask under health", s.Name, interval, c.Policy.WarmUpSeconds, s.Name)
	}
}

// checkStart refuses to let Compose make the first replica where it is not known before what it would do,
// and with variables that only a person's shell had.
func checkStart(req Request, c Change, s Service, f *findings) {
	if !c.Bootstrap {
		return
	}
	if s.PreStart {
		f.refuse(PreStartHook, "%s has pre_start, for which Compose's dry run fails; start its first replica with `docker compose up -d --no-deps --no-recreate %s`", s.Name, s.Name)
	}
	if len(s.Unset) == 0 {
		return
	}
	// A container of the present hash, whatever its state, proves the variables.
	if slices.ContainsFunc(req.Inventory.Of(s.Name), func(r Replica) bool { return r.fits(s) }) {
		return
	}
	takes := "it"
	if len(s.Unset) > 1 {
		takes = "them"
	}
	f.refuse(UnsetVariable, "%s%s for the worker; Compose would take an empty text for %s in %s; set %s in the worker's environment or in .env",
		list(s.Unset), isNotSet(s.Unset), takes, s.Name, takes)
}

// checkWriters says which volumes all replicas write into, and refuses where that is known to destroy
// what lies there.
func checkWriters(req Request, c Change, s Service, f *findings) {
	if c.To < 2 || len(s.SharedVolumes) == 0 {
		return
	}
	if s.Database != "" && !req.SharedVolume && !req.Restore {
		f.refuse(SingleWriter, "all %d replicas of %s would write into %s, and only one may: it is %s; give each its own data, or a person may say --shared-volume",
			c.To, c.Service, list(s.SharedVolumes), s.Database)
		return
	}
	for _, volume := range s.SharedVolumes {
		f.warn("all %d replicas of %s write into %s", c.To, c.Service, volume)
	}
}

// checkUsers protects the services that are in the namespaces of a replica or use its volumes: they
// stay with that one container.
func checkUsers(req Request, c Change, s Service, f *findings) {
	others := users(req, s)
	id := joined(req, s, req.Inventory.Of(s.Name))
	is := func(r Replica) bool { return r.ID == id }
	if i := slices.IndexFunc(c.Remove, is); i >= 0 {
		f.refuse(SharedNamespace, "%s cannot be removed: %s the namespaces or volumes of that container; at least 1 replica of %s has to stay", c.Remove[i].Name, use(others), s.Name)
	} else if i := slices.IndexFunc(c.Discard, is); i >= 0 {
		f.refuse(SharedNamespace, "%s is %s and cannot be removed: %s the namespaces or volumes of that container", c.Discard[i].Name, c.Discard[i].State, use(others))
	} else if len(others) > 0 && c.Grows() && c.To > 1 {
		f.warn("%s the namespaces or volumes of one replica of %s and will not see the others", use(others), s.Name)
	}
}

func use(services []string) string {
	if len(services) == 1 {
		return services[0] + " uses"
	}
	return list(services) + " use"
}
