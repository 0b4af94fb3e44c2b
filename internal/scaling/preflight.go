package scaling

import (
	"slices"
	"strings"
)

// preflight returns all reasons against a change, and what is worth knowing but no reason.
func preflight(req Request, c Change) ([]Refusal, []string) {
	var f findings
	service, usable := checkService(req, c.Service, &f)
	if !usable {
		return f.refusals, f.warnings
	}
	checkBounds(req, c, &f)
	checkComposeVersion(req, c, &f)
	if c.To > 1 {
		checkOnlyOne(c, service, &f)
	}
	if c.Grows() {
		checkDefinition(c, service, &f)
		checkJob(c, service, &f)
		checkVolumesThatGo(c, &f)
		checkWarmUp(req, c, service, &f)
		checkImage(req, c, service, &f)
		checkStart(req, c, service, &f)
		checkHost(req, c, service, &f)
		checkWriters(req, c, service, &f)
		checkStrays(req, c, &f)
	}
	checkUsers(req, c, service, &f)
	if !c.Unchanged() || len(c.Keep) > 0 {
		checkRouter(req, c.Endpoint, c.Keep, &f)
	}
	warnOfReplicas(c, service, &f)
	warnOfHand(c, service, &f)
	warnOfPassed(c, service, &f)
	warnOfLinks(c, service, &f)
	warnOfNetwork(c, service, &f)
	warnOfRequests(req, c, service, &f)
	warnOfRouters(req, c, service, &f)
	warnOfCompose(c, service, &f)
	return f.refusals, f.warnings
}

// checkService finds the service and says why nothing can be said about it.
func checkService(req Request, name string, f *findings) (Service, bool) {
	service, known := find(req.Services, name)
	switch {
	case !known:
		f.refuse(NotAComposeService, "%q is not a service of the Compose project %s; it has %s", name, req.Project, names(req.Services))
	case service.Provider != "":
		f.refuse(Provider, "%s is no container, but what the provider %s makes; only services with containers can be scaled or restarted", name, service.Provider)
	case service.Fault != "":
		f.refuse(ServiceFault, "the definition of %s cannot be used: %s", name, service.Fault)
	default:
		return service, true
	}
	return service, false
}

func checkBounds(req Request, c Change, f *findings) {
	if fault := req.PolicyFaults[c.Service]; fault != "" {
		f.refuse(NoPolicy, "%s has no policy: %s", c.Service, fault)
		return
	}
	if c.Policy.Name == "" {
		f.refuse(NoPolicy, "%s has no policy: list it under services in the configuration, where its own policy, or default for want of one, must not be disabled, and restart evenkeel after an edit", c.Service)
		return
	}
	if req.Restore {
		return
	}
	if c.To < c.Policy.Min && !req.BelowMin {
		f.refuse(BelowMin, "%s=%d is below %d, the minimum of the policy %s; a person may say --below-min", c.Service, c.To, c.Policy.Min, c.Policy.Name)
	}
	if c.To > c.Policy.Max {
		f.refuse(AboveMax, "%s=%d is above %d, the maximum of the policy %s; a ScalingPolicy of your own in templates_dir may say more", c.Service, c.To, c.Policy.Max, c.Policy.Name)
	}
}

func checkComposeVersion(req Request, c Change, f *findings) {
	for _, r := range req.Inventory.Of(c.Service) {
		if strings.HasPrefix(r.ComposeVersion, "1.") {
			f.refuse(ComposeV1, "%s was made by Compose %s, whose containers a current Compose replaces; only replicas made by Compose 2 or later can be scaled", r.Name, r.ComposeVersion)
			return
		}
	}
}

func find(services []Service, name string) (Service, bool) {
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return services[i], true
}

func names(services []Service) string {
	var out []string
	for _, s := range services {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return list(out)
}

// list joins words for people.
func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
