package alert

import (
	"errors"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Typed is a start that a person has typed in a chat.
type Typed struct {
	// Host and Project may be empty where there is one.
	Host, Project string
	Inputs        condition.Values
	// By is who has typed it, and Kind the kind of evidence for that.
	By   string
	Kind identity.Kind
	// Delivery tells it from all others, and At is when it was said.
	Delivery string
	At       time.Time
}

// Typed makes the start of a runbook that a person has typed. The error says in one line why it makes none.
func (p Projects) Typed(d runbook.Definition, typed Typed, now time.Time) (Start, error) {
	start, err := p.start(d, typed.Host, typed.Project, typed.Inputs, typed.By, typed.Kind, now)
	if err != nil {
		return Start{}, errors.New(strictyaml.Plain(err.Error(), maxReason))
	}
	start.Why, start.Delivery, start.At = "typed in a chat", typed.Delivery, typed.At
	return start, nil
}
