package condition

import (
	"fmt"
	"slices"
)

// Spell is a value as text: the same before JSON and after it.
func Spell(v any) string { return fmt.Sprint(Whole(v)) }

// Names are the names of the values, sorted.
func (v Values) Names() []string {
	var names []string
	//workflowcheck:ignore // sorted below
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
