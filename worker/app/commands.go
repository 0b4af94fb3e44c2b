package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// commands does what people type behind /evenkeel, and implements ingress.Commands.
type commands struct {
	temporal    workflows.Lister
	starts      ingress.Alerts
	people      *activities.People
	projects    alert.Projects
	definitions *templates.Set
	// rota is who is on call; nil where there is none.
	rota *oncall.Rota
	// zone is what times are shown in.
	zone *time.Location
	now  func() time.Time
}

// Command does what is asked, for people of the configuration who are in some group now. Who that is, is decided here and
// now; what is not known is refused.
func (c commands) Command(ctx context.Context, typed ingress.Command) (message.Message, error) {
	person := c.people.Persons.InSlack(typed.User)
	if person == "" {
		return message.Message{}, fmt.Errorf("you are nobody of the configuration; write your id %s under people, as slack", typed.User)
	}
	groups := activities.GroupsOf(ctx, c.people, person, c.now())
	if len(groups) == 0 {
		return message.Message{}, fmt.Errorf("%s is in no group of the configuration", person)
	}
	words := strings.Fields(typed.Text)
	if len(words) == 0 {
		words = []string{"help"}
	}
	args := words[1:]
	switch words[0] {
	case "status":
		return c.status(ctx)
	case "requests":
		return c.requests(ctx)
	case "oncall":
		return c.oncall(args)
	case "runbook":
		return c.runbook(ctx, typed, groups, args)
	case "help":
		return help(), nil
	}
	return message.Message{}, fmt.Errorf("there is no command %q; type /evenkeel help", words[0])
}

func help() message.Message {
	return message.Message{Title: "What you can type", Sections: []message.Section{{Lines: []string{
		"/evenkeel status                               the runs at work",
		"/evenkeel requests                             what waits for people, and until when",
		"/evenkeel runbook NAME [on HOST[/PROJECT]] [INPUT=VALUE …]",
		"                                               start a runbook; a value has no blanks",
		"/evenkeel oncall [primary|secondary|commander] who is on call now",
	}}}}
}

// shownLines and shownBytes bound a list, so that it is one message.
const (
	shownLines = 20
	shownBytes = 4000
)

// listed is a message with as many of the lines as one message takes; the others are counted.
func listed(title string, lines []string, rest string) message.Message {
	var shown []string
	bytes := 0
	for _, line := range lines {
		if bytes += len(line) + 1; len(shown) == shownLines || bytes > shownBytes {
			shown = append(shown, fmt.Sprintf("and %d more: %s", len(lines)-len(shown), rest))
			break
		}
		shown = append(shown, line)
	}
	return message.Message{Title: title, Sections: []message.Section{{Lines: shown}}}
}

// clock is a time of today's work, in the zone of the configuration.
func (c commands) clock(t time.Time) string { return t.In(c.zone).Format("Mon 15:04 MST") }

// oncall says who is on call now, in one role or in all.
func (c commands) oncall(args []string) (message.Message, error) {
	roles := oncall.Roles()
	switch {
	case c.rota == nil:
		return message.Message{}, errors.New("the configuration has no rota; write one under oncall")
	case len(args) > 1 || len(args) == 1 && !slices.Contains(roles, oncall.Role(args[0])):
		return message.Message{}, fmt.Errorf("%q is no role; they are primary, secondary and commander", strings.Join(args, " "))
	case len(args) == 1:
		roles = []oncall.Role{oncall.Role(args[0])}
	}
	at := c.rota.At(c.now())
	var lines []string
	for _, role := range roles {
		line := string(role) + ": nobody yet"
		if shift, ok := at[role]; ok {
			line = fmt.Sprintf("%s: %s until %s", role, shift.Who, shift.Until.In(c.rota.Zone).Format("Mon 2006-01-02 15:04 MST"))
		}
		lines = append(lines, line)
	}
	return message.Message{Title: "On call now", Sections: []message.Section{{Lines: lines}}}, nil
}

// away is an error of Temporal's as one of a command: where it may take the same later, it is not acknowledged.
func away(err error) error {
	_, ofServer := errors.AsType[serviceerror.ServiceError](err)
	_, invalid := errors.AsType[*serviceerror.InvalidArgument](err)
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	if late || ofServer && !invalid && !denied {
		return fmt.Errorf("%w: %w", ingress.ErrNotRecorded, err)
	}
	return err
}
