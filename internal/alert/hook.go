package alert

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/jsonpath"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Hook is what the deliveries of one sender start.
type Hook struct {
	Name     string
	Runbook  runbook.Definition
	Projects Projects
	// Host and Project may be empty where there is one.
	Host, Project string
	// Inputs say where in the body each input lies. No other input of the runbook can be given.
	Inputs map[string]jsonpath.Path
}

// Start makes the start that a delivery with this body asks for. Delivery is the id of the delivery and at when it was
// said. The error says in one line why it makes none.
func (h Hook) Start(body []byte, delivery string, at, now time.Time) (Start, error) {
	object, err := jsonpath.Decode(body)
	if err != nil {
		return Start{}, fmt.Errorf("the body: %w", err)
	}
	values := condition.Values{}
	for _, name := range slices.Sorted(maps.Keys(h.Inputs)) {
		value, err := h.Inputs[name].In(object)
		if err != nil {
			return Start{}, fmt.Errorf("input %s: %w", name, err)
		}
		if value != nil {
			values[name] = value
		}
	}
	start, err := h.Projects.start(h.Runbook, h.Host, h.Project, values, identity.HookName(h.Name), identity.Hook, now)
	if err != nil {
		return Start{}, errors.New(strictyaml.Plain(err.Error(), maxReason))
	}
	start.Why, start.Delivery, start.At = fmt.Sprintf("a delivery of the hook %s", h.Name), delivery, at
	return start, nil
}
