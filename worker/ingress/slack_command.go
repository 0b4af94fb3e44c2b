package ingress

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
)

// Command is what a person has typed behind a slash command.
type Command struct {
	// ID tells it from all others: the same one, delivered twice, has the same.
	ID string
	// Team and User are Slack's ids of the person.
	Team, User string
	// Text is what stands behind the command.
	Text string
	// At is when it was said, to the second.
	At time.Time
}

// maxCommand is how long what is typed may be, in bytes.
const maxCommand = 4096

// Command does what was typed behind a slash command, given the fields that Slack sends, and when it was said. The
// answer, also a refusal, goes with the acknowledgement.
func (s *Slack) Command(ctx context.Context, fields map[string]string, at time.Time) Outcome {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	c := Command{
		ID:   press.ID(fields["team_id"], fields["user_id"], fields["command"], fields["trigger_id"]),
		Team: fields["team_id"], User: fields["user_id"], Text: strings.TrimSpace(fields["text"]), At: at.UTC().Truncate(time.Second),
	}
	switch {
	case !slackUser.MatchString(c.User) || fields["command"] == "" || fields["trigger_id"] == "":
		return Outcome{Result: Malformed, Why: "the form is no slash command"}
	case !s.ours(fields["api_app_id"], c.Team, c.Team):
		return Outcome{Result: Foreign, Why: "it comes from another workspace or another app"}
	case len(c.Text) > maxCommand:
		return Outcome{Result: Refused, Why: "it is too long", Body: told(message.Message{Title: "That is too long"})}
	}
	if s.taken.recent(c.ID) { // it would be said at another time now, and so be another word
		return Outcome{Result: Repeated, Body: told(message.Message{Title: "That was taken already"})}
	}
	said, err := s.Commands.Command(ctx, c)
	switch {
	case err == nil:
		s.taken.note(c.ID)
		return Outcome{Result: Answered, Body: told(said)}
	case notRecorded(err) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Outcome{Result: NotTaken, Why: err.Error()}
	}
	refusal := message.Message{Title: "Not done", Sections: []message.Section{{Lines: []string{message.Shortened(err.Error())}}}}
	return Outcome{Result: Refused, Why: err.Error(), Body: told(refusal)}
}

// told is a message that only the person sees who has typed. What does not fit into one is left out.
func told(m message.Message) []byte {
	return response(struct {
		Type string `json:"response_type"`
		message.Post
	}{"ephemeral", m.Slack()[0]})
}
