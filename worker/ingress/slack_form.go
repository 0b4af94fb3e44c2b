package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
)

// formFor is how long a form may be filled in. What it shows to be signed says the time at which it was opened, and a word
// counts for about as long.
const formFor = 10 * time.Minute

// opened is what goes with a form and comes back: the press that it was opened for. People do not see it, and Slack does
// not let them change it.
type opened struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Channel  string    `json:"channel"`
	Message  string    `json:"message"`
	Request  string    `json:"request"`
	Shown    string    `json:"shown"`
	Decision string    `json:"decision"`
	// Seen is press.Press.Seen.
	Seen string `json:"seen,omitempty"`
}

// openForm shows the form behind a button, as the run asks now.
func (s *Slack) openForm(ctx context.Context, p press.Press, trigger string) Outcome {
	r, fault := s.asked(ctx, p, runWithin)
	if fault != "" {
		return s.refuse(ctx, p.Channel, p.User, fault)
	}
	v, err := s.form(r, p)
	if err == nil {
		err = s.Workspace.Open(ctx, trigger, v)
	}
	if err != nil {
		return s.refuse(ctx, p.Channel, p.User, "the form could not be opened: "+err.Error())
	}
	return Outcome{Result: FormOpened}
}

// form is what a person fills in. The press that it becomes has an id and a time before it is sent: what is signed is what
// was shown, but for what the person adds.
func (s *Slack) form(r request.Request, p press.Press) (message.View, error) {
	p.ID = press.ID(p.Team, p.User, "form", p.ID)
	p.Shown = r.Shown
	prompt := message.Prompt{Choice: p.Decision}
	if r.Risk == request.Destructive && p.Decision == r.Kind.Yes() {
		statement, err := s.Presses.Statement(r, p)
		if err != nil {
			return message.View{}, err
		}
		prompt.Statement, p.Seen = statement, press.Digest(statement)
	}
	var metadata bytes.Buffer
	encoder := json.NewEncoder(&metadata)
	encoder.SetEscapeHTML(false) // its length counts
	if err := encoder.Encode(opened{p.ID, p.At, p.Channel, p.Message, p.Request, p.Shown, p.Decision, p.Seen}); err != nil {
		return message.View{}, err
	}
	prompt.Metadata = strings.TrimSpace(metadata.String())
	return message.Modal(r, prompt)
}

// submitted takes a form that was sent. What is wrong with it is said in the form, which stays open.
func (s *Slack) submitted(ctx context.Context, from payload, verified time.Time) Outcome {
	if from.View.Callback != message.CallbackID || s.Presses == nil {
		return Outcome{Result: Ignored, Why: "the form is none of ours"}
	}
	var o opened
	if err := strictly(from.View.Metadata, &o); err != nil || !slackChannel.MatchString(o.Channel) || !slackTS.MatchString(o.Message) || o.ID == "" {
		return Outcome{Result: Malformed, Why: "the form has not what was sent with it"}
	}
	p := press.Press{
		ID: o.ID, Team: from.Team.ID, User: from.User.ID, Channel: o.Channel, Message: o.Message,
		Request: o.Request, Shown: o.Shown, Decision: o.Decision, Fields: from.View.values(), At: o.At.UTC(), Seen: o.Seen,
	}
	p.Reason = strings.TrimSpace(p.Fields[message.ReasonID])
	delete(p.Fields, message.ReasonID)
	switch {
	case s.taken.recent(p.ID):
		return Outcome{Result: Repeated}
	case verified.Sub(p.At).Abs() > formFor:
		return inForm("this form was opened too long ago; close it and press the button again")
	}
	if _, fault := s.asked(ctx, p, againWithin); fault != "" {
		return inForm(fault)
	}
	switch err := s.Presses.Press(ctx, p); {
	case err == nil:
		s.taken.note(p.ID)
		return Outcome{Result: Recorded}
	case notRecorded(err):
		return Outcome{Result: NotTaken, Why: err.Error()}
	default:
		return inForm(err.Error())
	}
}

// inForm refuses a form, and says why in it, at the reason.
func inForm(why string) Outcome {
	said := map[string]string{message.ReasonID: message.Line(message.Shortened(why))}
	body := response(map[string]any{"response_action": "errors", "errors": said})
	return Outcome{Result: Refused, Why: why, Body: body}
}

// strictly reads a JSON object that we have written ourselves.
func strictly(text string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("something comes behind it")
	}
	return nil
}
