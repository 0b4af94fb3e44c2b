package ingress

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
)

// pressed takes the press of a button: it answers, or opens the form behind it.
func (s *Slack) pressed(ctx context.Context, from payload, verified time.Time) Outcome {
	a := from.Actions[0]
	answers, opens := message.ActionOf(a.ID)
	id, shown, choice, ok := message.Pressed(a.Value)
	switch {
	case !answers && !opens:
		return Outcome{Result: Ignored, Why: "the element is none that answers a request"}
	case a.Type != "button" || !ok:
		return Outcome{Result: Malformed, Why: "the value is none of a button of a request"}
	}
	p := press.Press{
		ID:   press.ID(from.Team.ID, from.Container.Channel, from.Container.Message, from.User.ID, a.ID, a.Block, a.TS),
		Team: from.Team.ID, User: from.User.ID, Channel: from.Container.Channel, Message: from.Container.Message,
		Request: id, Shown: shown, Decision: choice, At: verified.UTC().Truncate(time.Second),
	}
	switch {
	case s.Presses == nil:
		return s.refuse(ctx, p.Channel, p.User, "presses are not taken here; answer with starter gate")
	case s.taken.recent(p.ID):
		return Outcome{Result: Repeated}
	case s.often.tooOften(p.User + " " + p.Request):
		return s.refuse(ctx, p.Channel, p.User, "you have pressed too often; wait for an hour, or answer with starter gate")
	}
	var out Outcome
	if opens {
		out = s.openForm(ctx, p, from.Trigger)
	} else {
		out = s.record(ctx, p)
	}
	if out.Result == Recorded || out.Result == FormOpened {
		s.taken.note(p.ID)
	}
	return out
}

// record makes a press durable. One that was not taken is refused before the eyes of the person.
func (s *Slack) record(ctx context.Context, p press.Press) Outcome {
	within, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	err := s.Presses.Press(within, p)
	switch {
	case err == nil:
		return Outcome{Result: Recorded}
	case notRecorded(err):
		return Outcome{Result: NotTaken, Why: err.Error()}
	}
	return s.refuse(ctx, p.Channel, p.User, err.Error())
}

// asked returns the open request of a press from its run, or why it is no more the one that the person saw.
func (s *Slack) asked(ctx context.Context, p press.Press, within time.Duration) (r request.Request, fault string) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := s.Presses.Asked(ctx, p)
	switch {
	case err != nil && ctx.Err() != nil:
		return r, "the run did not answer in time; press again, or answer with starter gate"
	case err != nil:
		return r, err.Error()
	case r.ID != p.Request || r.Shown != p.Shown:
		return r, "what was shown is not what is asked now; look at it again"
	case !slices.Contains(r.Choices, p.Decision):
		return r, r.Short() + " is answered by " + strings.Join(r.Choices, ", ")
	}
	return r, ""
}
