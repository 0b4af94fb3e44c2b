package runbook

// Below says whether a risk that is declared is less than one that is needed. What is no risk is below all.
func (r Risk) Below(needed Risk) bool {
	rank := map[Risk]int{Read: 1, Write: 2, Destructive: 3}
	return rank[r] < rank[needed]
}

// Constant returns an argument that is written out; false when it is computed or not there.
func Constant(with []Filled, name string) (any, bool) {
	for _, f := range with {
		if f.Name == name && f.Value.Expression.Zero() {
			return f.Value.Constant, true
		}
	}
	return nil, false
}
