package runbook

import (
	"fmt"
	"regexp"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// keyForm is what a concurrency key or a dedup key may be: it becomes part of ids.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$`)

// Keys are what tell a run from others of its runbook.
type Keys struct {
	// Concurrency is the concurrency key: runs with the same exclude each other.
	Concurrency string
	// Dedup is what cooldown and breaker count by.
	Dedup string
}

// FindKeys evaluates the keys of a run with these complete inputs; one that the definition does not have is empty.
// The error says which key cannot be evaluated, or is no key.
func FindKeys(d Definition, host, initiator string, inputs condition.Values, now time.Time) (Keys, error) {
	names := startNames(host, initiator, inputs)
	var keys Keys
	for _, k := range []struct {
		what string
		e    condition.Expression
		into *string
	}{{"concurrency.key", d.Concurrency.Key, &keys.Concurrency}, {"triggers.dedup", d.Triggers.Dedup, &keys.Dedup}} {
		if k.e.Zero() {
			continue
		}
		v, err := k.e.Evaluate(names, now)
		if err != nil {
			return Keys{}, fmt.Errorf("%s: %w", k.what, err)
		}
		text := fmt.Sprint(v)
		if !keyForm.MatchString(text) {
			return Keys{}, fmt.Errorf("%s is %q; letters, digits and . _ / - make a key, 128 at most", k.what, text)
		}
		*k.into = text
	}
	return keys, nil
}
