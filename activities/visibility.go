package activities

import "context"

// Visibility knows which search attributes the namespace has. Setting one that it lacks would fail
// the run, and a cluster's namespace has them only after `starter init --search-attributes`.
type Visibility struct {
	// Known are the names of the search attributes that exist.
	Known []string
}

// KnownSearchAttributes returns the names that may be set. It is used as a local activity.
func (v *Visibility) KnownSearchAttributes(context.Context) ([]string, error) { return v.Known, nil }
