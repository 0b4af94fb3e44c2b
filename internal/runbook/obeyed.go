package runbook

// obeyed says in a sentence what an order does and which step it concerns, as things stand before it is done.
func (m *machine) obeyed(verb string) string {
	at := m.at()
	switch verb {
	case Pause:
		if m.s.Node == Nowhere {
			return "the run pauses before its next step"
		}
		return "the run pauses when " + at + " is over"
	case Resume:
		if m.s.PauseBy != "" {
			return "the run does not pause; it goes on behind " + at
		}
		return "the run goes on with " + at
	case SkipStep:
		return at + " is left out; the run goes on behind it"
	case RetryVrb:
		if m.node().Step.Risk == Destructive || m.p.gateOf(at) != Nowhere {
			return at + " is done again, once it is approved again"
		}
		return at + " is done again"
	case MarkDone:
		return at + " counts as done; the run goes on behind it"
	case UndoAll:
		return "the run ends at " + at + "; " + m.puts()
	case Abort:
		switch {
		case m.s.Ending != "":
			return "the run ends at " + at // of its on_failure
		case m.s.Phase == Acting || m.s.Phase == Watching:
			return at + " is stopped, and the run ends; " + m.lastly()
		}
		return "the run ends at " + at + "; " + m.lastly()
	}
	return verb
}

// lastly is what a run does that was aborted.
func (m *machine) lastly() string {
	if len(m.p.Definition.OnFailure) > 0 {
		return "its on_failure is done first"
	}
	return m.puts()
}

// puts is what is put back when nothing else is said.
func (m *machine) puts() string {
	if len(m.s.Undo) == 0 {
		return "nothing has to be put back"
	}
	return "what it did is put back first, as far as its steps have an undo"
}
