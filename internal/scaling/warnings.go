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
		f.warn("%s is %s%s and will be removed%s", r.Name, r.State, outdated, when)
	}
	model := c.Sibling
	if model.ID == "" && len(c.Start) > 0 {
		model = c.Start[0]
	}
	if s.ImageID != "" && model.ImageID != "" && s.ImageID != model.ImageID {
		f.warn("the tag %s names another image now; new replicas get the one of %s", s.Image, model.Name)
	}
}

// warnOfCompose says what the Compose file makes of the change, now and later.
func warnOfCompose(c Change, s Service, f *findings) {
	if !c.Unchanged() && c.To != s.Scale {
		f.warn("a later `docker compose up -d` takes %s back to %d, the number in the Compose file", c.Service, s.Scale)
	}
}
