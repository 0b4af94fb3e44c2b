package dockerd

import (
	"path"
	"slices"
	"strings"
)

// links turns "/db:/web/alias", as the engine reports a link of the default bridge, back into
// "db:alias", as it takes one.
func links(reported []string) []string {
	var out []string
	for _, l := range reported {
		from, alias, _ := strings.Cut(l, ":")
		out = append(out, strings.TrimPrefix(from, "/")+":"+path.Base(alias))
	}
	return out
}

// renumbered returns the links of a replica of one number as Compose writes them for another. Beside the name that
// the file gives, Compose calls each linked container SERVICE-N and PROJECT-SERVICE-N, where N is the number of the
// replica that has the link. Only what stands there in both forms is taken for that.
func renumbered(links []string, project, from, to string) []string {
	out := slices.Clone(links)
	for i, link := range links {
		target, alias, _ := strings.Cut(link, ":")
		for _, separator := range []string{"-", "_"} {
			stem, ok := strings.CutSuffix(alias, separator+from)
			prefix := project + separator
			short, long := strings.CutPrefix(alias, prefix)
			if ok && (slices.Contains(links, target+":"+prefix+alias) || long && slices.Contains(links, target+":"+short)) {
				out[i] = target + ":" + stem + separator + to
			}
		}
	}
	return out
}
