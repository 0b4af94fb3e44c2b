package scaling

// warnOfReplicas says what the replicas look like that the change begins with.
func warnOfReplicas(c Change, s Service, f *findings) {
	unhealthy := 0
	for _, replicas := range [][]Replica{c.Keep, c.Remove} {
		for _, r := range replicas {
			switch {
			case r.State == "paused":
				f.warn("%s is paused", r.Name)
			case r.Unhealthy():
				unhealthy++
			}
		}
	}
	if unhealthy > 0 {
		f.warn("%d of %d are unhealthy; the result is judged against that", unhealthy, c.From)
	}
	if c.Grows() && s.Hash == "" && len(c.Keep) > 0 {
		f.warn("cannot tell whether the definition of %s was edited since its replicas were made", c.Service)
	}
	for _, r := range c.Discard {
		outdated := ""
		if s.Hash != "" && !r.fits(s) {
			outdated = ", was made from another definition"
		}
		when := ""
		if c.Bootstrap {
			when = " before the first replica is made; that cannot be undone"
		}
		volumes := ""
		if len(r.AnonymousVolumes) > 0 {
			volumes = ", with its volumes without a name at " + list(r.AnonymousVolumes)
		}
		f.warn("%s is %s%s and will be removed%s%s", r.Name, r.State, outdated, volumes, when)
	}
	model := c.Sibling
	if model.ID == "" && len(c.Start) > 0 {
		model = c.Start[0]
	}
	if s.ImageID != "" && model.ImageID != "" && s.ImageID != model.ImageID {
		f.warn("the tag %s names another image now; new replicas get the one of %s", s.Image, model.Name)
	}
}

// warnOfPassed says which variables the first replica does not get: a person's shell may have had them.
func warnOfPassed(c Change, s Service, f *findings) {
	if c.Bootstrap && len(s.Passed) > 0 {
		f.warn("%s%s for the worker, and so %s has none of that name", list(s.Passed), isNotSet(s.Passed), c.Service)
	}
}

// warnOfCompose says what the Compose file makes of the change, now and later.
func warnOfCompose(c Change, s Service, f *findings) {
	if !c.Unchanged() && c.To != s.Scale && !s.Off {
		f.warn("a later `docker compose up -d` takes %s back to %d, the number in the Compose file", c.Service, s.Scale)
	}
}
