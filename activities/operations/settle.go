package operations

import (
	"errors"

	"github.com/evenkeel/evenkeel/activities"
)

// settle gives an error of a call that must not be made twice the class by which a person knows whether it
// happened. What was sent and got no answer may have.
func settle(err error, harmless bool) error {
	if err == nil {
		return nil
	}
	switch class := activities.ClassOf(err); class {
	case activities.InvalidInput, activities.NotFound, activities.PermissionDenied, activities.Conflict, activities.PreconditionFailed, activities.NotBegun, activities.Unknown:
		// The text alone goes on: a cancellation inside would win over the class.
		return activities.Fail(class, errors.New(err.Error()))
	case activities.RateLimited:
		return activities.Fail(activities.PreconditionFailed, errors.New(err.Error()))
	}
	if harmless || errors.Is(err, activities.ErrNotSent) {
		return activities.Fail(activities.PreconditionFailed, errors.New(err.Error()))
	}
	return activities.Fail(activities.Unknown, errors.New(err.Error()))
}
