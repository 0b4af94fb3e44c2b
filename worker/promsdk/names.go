package promsdk

import (
	"maps"
	"slices"
	"strings"
)

// labelsOf returns valid label names, sorted by tag, and their values. Two tags that become the same
// label stay two: the later one gets underscores until it differs. An empty value is left out, because
// to Prometheus it is the same series as no label, and a series must not come twice.
func labelsOf(tags map[string]string) (labels, values []string) {
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if tags[tag] == "" {
			continue
		}
		name := labelName(tag)
		for slices.Contains(labels, name) {
			name += "_"
		}
		labels = append(labels, name)
		values = append(values, strings.ToValidUTF8(tags[tag], "\uFFFD"))
	}
	return labels, values
}

// labelName makes a tag's name a valid label name. Names that begin with two underscores belong to
// Prometheus, and le to its histograms.
func labelName(tag string) string {
	name := valid(tag, false)
	if trimmed := strings.TrimLeft(name, "_"); strings.HasPrefix(name, "__") {
		name = "_" + trimmed
	}
	if name == "le" {
		return "_le"
	}
	return name
}

// metricName makes name a valid metric name that ends in suffix.
func metricName(name, suffix string) string {
	return strings.TrimSuffix(valid(name, true), suffix) + suffix
}

// valid replaces every character that Prometheus' classic names do not have by an underscore.
func valid(name string, colon bool) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', colon && r == ':':
			return r
		}
		return '_'
	}, name)
	if out == "" || out[0] >= '0' && out[0] <= '9' {
		return "_" + out
	}
	return out
}
