package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Presses takes what people answer in Slack to the runs that ask.
type Presses interface {
	// Press makes a press durable, signed by this host, before it is acknowledged; it may be repeated. The error is one line
	// for people: why it was not taken. It is ErrNotRecorded where trying again may help.
	Press(ctx context.Context, p press.Press) error
	// Asked returns the open request from its run, for the form behind a button; it needs a worker of that run within the
	// ctx.
	Asked(ctx context.Context, p press.Press) (request.Request, error)
	// Statement is the text that the press of a destructive approval will sign, for the form.
	Statement(r request.Request, p press.Press) (string, error)
}

// ErrNotRecorded is in the error of a press or a command that could not be recorded, and may be once it comes again. It
// is not acknowledged, so that Slack tells the person.
var ErrNotRecorded = errors.New("it could not be recorded")

// Workspace is where the person is who pressed.
type Workspace interface {
	// Whisper shows a message to one user in a channel.
	Whisper(ctx context.Context, channel, user string, m message.Message) error
	// Open shows a form to whoever made the press that the trigger came with, within 3 seconds of it.
	Open(ctx context.Context, trigger string, v message.View) error
}

// Commands does what people type behind a slash command.
type Commands interface {
	// Command does what is asked and returns the answer, which only that person sees. It may be repeated. The error is
	// ErrNotRecorded where trying again may help, and else one line for people.
	Command(ctx context.Context, c Command) (message.Message, error)
}

// Slack takes in what people do in one workspace, whichever way it comes. It is safe for several at once.
type Slack struct {
	// Team is the id of the workspace. App is that of our app; empty is any.
	Team, App string
	// Presses is nil where no run hears a press: who presses is told so.
	Presses   Presses
	Workspace Workspace
	Commands  Commands
	// Now is the clock.
	Now func() time.Time

	taken *taken
	often *often
}

// NewSlack returns what takes in presses and commands of a workspace.
func NewSlack(of Slack) *Slack {
	of.taken, of.often = newTaken(of.Now), &often{now: of.Now}
	return &of
}

// Result is what became of something that a person did.
type Result string

// The results. The first seven are acknowledged.
const (
	Recorded   Result = "recorded"  // it is in the history of its run
	Repeated   Result = "repeated"  // it was recorded before
	FormOpened Result = "form"      // a form was opened, and nothing is answered yet
	Refused    Result = "refused"   // the person was told why it does not count
	Answered   Result = "answered"  // a command was answered
	Ignored    Result = "ignored"   // it means nothing here
	Checked    Result = "checked"   // Slack looked whether somebody is here
	Foreign    Result = "foreign"   // from another workspace or app
	Malformed  Result = "malformed" // not of the form of Slack's
	Unsigned   Result = "unsigned"  // no signature, a wrong one, or one of another time
	NotTaken   Result = "not_taken" // Temporal or Slack could not be reached; Slack warns the person
)

// Results are all results.
func Results() []Result {
	return []Result{Recorded, Repeated, FormOpened, Refused, Answered, Ignored, Checked, Foreign, Malformed, Unsigned, NotTaken}
}

// Outcome is what became of something that a person did, and what Slack is answered.
type Outcome struct {
	Result Result
	// Why is for the log.
	Why string
	// Body is JSON that goes with the acknowledgement; nil is nothing.
	Body []byte
}

// Acknowledged says whether Slack is told that it has arrived. What is not is shown to the person as a failure.
func (o Outcome) Acknowledged() bool {
	switch o.Result {
	case Recorded, Repeated, FormOpened, Refused, Answered, Ignored, Checked:
		return true
	case Foreign, Malformed, Unsigned, NotTaken:
	}
	return false
}

const (
	// answerWithin bounds all that is done before Slack is answered, which waits for 3 seconds.
	answerWithin = 2500 * time.Millisecond
	// runWithin bounds what Temporal and the run may take of it; the rest is for telling the person.
	runWithin = 2 * time.Second
	// againWithin bounds the run where Temporal is asked for something after it.
	againWithin = 1200 * time.Millisecond
)

// Interaction does what a payload says, which was verified at that time to be Slack's.
func (s *Slack) Interaction(ctx context.Context, raw []byte, verified time.Time) Outcome {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	p, err := parsePayload(raw)
	switch {
	case err != nil:
		return Outcome{Result: Malformed, Why: err.Error()}
	case p.Type == blockActions && s.ours(p.App, p.Team.ID, p.User.Team):
		return s.pressed(ctx, p, verified)
	case p.Type == viewSubmission && s.ours(p.App, p.Team.ID, p.User.Team):
		return s.submitted(ctx, p, verified)
	case p.Type != blockActions && p.Type != viewSubmission:
		return Outcome{Result: Ignored, Why: "nothing is to be done about a payload of this type"}
	}
	return s.foreign(ctx, p)
}

// ours says whether the workspace, that of the user, and the app are ours.
func (s *Slack) ours(app, team, userTeam string) bool {
	return s.Team != "" && team == s.Team && userTeam == s.Team && (s.App == "" || app == s.App)
}

// foreign tells a person of another workspace, who shares a channel with this one, that the press does not count. What
// comes from another workspace or app altogether is not acknowledged.
func (s *Slack) foreign(ctx context.Context, p payload) Outcome {
	const why = "it comes from another workspace or another app"
	if p.Type == blockActions && p.Team.ID == s.Team && (s.App == "" || p.App == s.App) {
		return s.refuse(ctx, p.Container.Channel, p.User.ID, "only people of this workspace answer what is asked here")
	}
	return Outcome{Result: Foreign, Why: why}
}

// refuse tells the person alone why something does not count. Where that cannot be told, Slack warns the person.
func (s *Slack) refuse(ctx context.Context, channel, user, why string) Outcome {
	if err := s.Workspace.Whisper(ctx, channel, user, message.Uncounted(why)); err != nil {
		return Outcome{Result: NotTaken, Why: why + "; and the person could not be told: " + err.Error()}
	}
	return Outcome{Result: Refused, Why: why}
}

// notRecorded says of an error that the same may be tried again. What took too long may have been recorded; it is then
// the same press.
func notRecorded(err error) bool {
	return errors.Is(err, ErrNotRecorded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// response is an answer to Slack in JSON.
func response(v any) []byte {
	text, _ := json.Marshal(v) // of texts and numbers alone
	return text
}
