package scaling

import (
	"slices"
	"strings"
)

// Copied returns the replica that new ones would be copies of, as things are; false where there is none.
func Copied(s Service, replicas []Replica) (Replica, bool) {
	siblings := slices.DeleteFunc(slices.Clone(replicas), func(r Replica) bool { return !r.Live() })
	if len(siblings) == 0 {
		return Replica{}, false
	}
	return slices.MinFunc(siblings, func(a, b Replica) int { return bySibling(s, a, b) }), true
}

// ByHand returns the options in which a container is not as the file says although it was made from it, by name and
// sorted: those that `docker update` and `docker network` change in one that exists.
func ByHand(file, container Shape) []string {
	return slices.DeleteFunc(Differences(file, container), func(option string) bool {
		return !slices.Contains([]string{ShapeMemory, ShapeCPU, ShapeRestart}, option) && !strings.HasPrefix(option, ShapeNetwork(""))
	})
}

// warnOfLinks says what a copy is linked to: Compose would link it to the containers that there are now.
func warnOfLinks(c Change, s Service, f *findings) {
	if len(c.Add) > 0 && c.Sibling.ID != "" && s.Links {
		f.warn("new replicas of %s are linked to the containers that %s was linked to when it was made; every service is reached by its name without links", c.Service, c.Sibling.Name)
	}
}

// warnOfHand says that new replicas become what a person made of the one that they are copies of.
func warnOfHand(c Change, s Service, f *findings) {
	if len(c.Add) > 0 && len(s.ByHand) > 0 && c.Sibling.fits(s) {
		f.warn("%s was changed by hand since it was made, in %s; the new replicas are copies of it as it is", c.Sibling.Name, list(s.ByHand))
	}
}
