package condition

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Spell is a value as text. A whole number that JSON has made a float64 of is spelled as the number that it was.
func Spell(v any) string {
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return fmt.Sprint(v)
}

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
