package scaling

import (
	"slices"
	"strings"
)

// checkDefinition finds what speaks against new replicas in what the Compose file says now.
func checkDefinition(c Change, s Service, f *findings) {
	checkMissing(s, f)
	for _, file := range s.EmptyFiles {
		f.refuse(EmptyFile, "%s has content \"\": Compose mounts the whole project folder in its place; give it a content or remove it", file)
	}
	if c.Bootstrap {
		for _, edited := range s.Edited {
			f.refuse(ResourceEdited, "the definition of %s has changed since it was made: Compose would stop everything that uses it to make it anew; with the definition as it was, %s can be started", edited, c.Service)
		}
		return
	}
	checkOutdated(c, s, f)
}

// checkMissing finds what a container of the service cannot be started without.
func checkMissing(s Service, f *findings) {
	for _, missing := range s.Missing {
		kind, name, _ := strings.Cut(missing, " ")
		f.refuse(MissingResource, "the external %s of %s is not there; make it with `docker %s create %s`", missing, s.Name, kind, name)
	}
}

// checkOutdated refuses copies of what the Compose file does not say any more. Where one replica is as
// the file says, that one is copied, and the others are only named.
func checkOutdated(c Change, s Service, f *findings) {
	if s.Hash == "" {
		return
	}
	i := slices.IndexFunc(c.Keep, func(r Replica) bool { return !r.fits(s) })
	if i < 0 {
		return
	}
	differs := differing(c.Keep[i], s)
	if len(c.Add) == 0 || c.Sibling.fits(s) {
		f.warn("%s; the new replicas are as the Compose file is now", differs)
		return
	}
	unset := ""
	if len(s.Unset) > 0 {
		unset = ", and " + list(s.Unset) + isNotSet(s.Unset) + " for the worker"
	}
	f.refuse(ComposeFileEdited, "%s%s; `docker compose up -d %s` would now replace every replica (%d) at once and leave %d; new replicas need the definition that the present ones have",
		differs, unset, c.Service, c.From, s.Scale)
}

// differing says by which options a replica differs from the file; no value ever stands in it.
func differing(r Replica, s Service) string {
	text := "the definition of " + s.Name + " differs from " + r.Name
	if len(s.Differences) > 0 {
		text += " in " + list(s.Differences)
	}
	return text
}

func isNotSet(variables []string) string {
	if len(variables) == 1 {
		return " is not set"
	}
	return " are not set"
}
