package runbook

// Below says whether a declared risk is less than a needed one. What is no risk is below all.
func (r Risk) Below(needed Risk) bool { return r.rank() < needed.rank() }

func (r Risk) rank() int {
	switch r {
	case Read:
		return 1
	case Write:
		return 2
	case Destructive:
		return 3
	}
	return 0
}

// Once says that the call has one attempt, whatever comes of it: one that is not idempotent, and a destructive one,
// whose approval is for one attempt.
func (c ActCall) Once() bool { return !c.Idempotent || c.Risk == Destructive }
