package activities

import (
	"errors"
	"slices"
	"strings"
)

// Worst is the error of several replicas: its class is that of the one that says most about what to do, its text
// names all of them.
func Worst(errs []error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	slices.SortStableFunc(errs, func(a, b error) int { return weight(b) - weight(a) })
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	var class *Error
	if !errors.As(errs[0], &class) {
		return errors.Join(errs...)
	}
	return &Error{Class: class.Class, RetryAfter: class.RetryAfter, Err: errors.New(strings.Join(texts, "; "))}
}

// weight puts what a person must decide first, then what no retry mends, then what has to wait.
func weight(err error) int {
	switch ClassOf(err) {
	case "", Unavailable, WorkerStopping:
		return 0
	case RateLimited:
		return 1
	case Unknown:
		return 3
	default:
		return 2
	}
}
