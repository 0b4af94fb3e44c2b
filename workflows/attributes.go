package workflows

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// attributes sets those search attributes of a run that the namespace has.
type attributes struct {
	known []string
}

func knownAttributes(ctx workflow.Context) (attributes, error) {
	var a attributes
	var visibility *activities.Visibility
	err := workflow.ExecuteLocalActivity(locally(ctx, "which search attributes exist"), visibility.KnownSearchAttributes).Get(ctx, &a.known)
	return a, err
}

// value is one search attribute with its value.
type value struct {
	key  temporal.SearchAttributeKeyKeyword
	text string
}

func (a attributes) set(ctx workflow.Context, values ...value) error {
	var updates []temporal.SearchAttributeUpdate
	for _, v := range values {
		if slices.Contains(a.known, v.key.GetName()) {
			updates = append(updates, v.key.ValueSet(v.text))
		}
	}
	if len(updates) == 0 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}
