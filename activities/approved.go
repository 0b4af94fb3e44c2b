package activities

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Approved is part of a request for an effect that a person has approved. The end of the approval goes with the request
// to the host: a worker that was down may take it long after.
type Approved struct {
	// Until is when the approval ends; zero where it needs none.
	Until time.Time `json:"until,omitzero"`
}

// Refusal is nil while the approval holds at now. done says what was done by then, such as "nothing was done".
func (a Approved) Refusal(now time.Time, done string) *scaling.Refusal {
	if a.Until.IsZero() || !now.After(a.Until) {
		return nil
	}
	return &scaling.Refusal{
		Code: scaling.ApprovalEnded, Message: fmt.Sprintf("the approval ended at %s; %s", a.Until.UTC().Format(time.RFC3339), done),
	}
}

// Holds is nil while the approval holds at now, and else Refused.
func (a Approved) Holds(now time.Time, done string) error {
	if refusal := a.Refusal(now, done); refusal != nil {
		return Refused(*refusal)
	}
	return nil
}
