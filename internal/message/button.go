package message

import (
	"regexp"
	"strings"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Bounds of what a button answers with, in bytes. Together they leave room for a tag of the sender in Slack's 2,000.
const (
	maxRequestID = 1024 // what request.Answer takes
	maxChoice    = 256
)

// word is a choice that has no blank and nothing to hide.
var word = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

var hexDigits = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Value is what a button answers with: the id of the request, Shown, and the choice, with a blank between them. Two requests, two contents of one, or two choices never have the same. It is empty for what
// cannot be answered by a button: a request that was not opened, or whose id or choice is too long or has letters that
// do not show.
func Value(r request.Request, choice string) string {
	if len(r.ID) > maxRequestID || len(choice) > maxChoice || !hexDigits.MatchString(r.Shown) || !word.MatchString(choice) || plain.line(r.ID) != r.ID {
		return ""
	}
	return r.ID + " " + r.Shown + " " + choice
}

// Pressed takes a Value apart. Whether the request is open and still shows the same is not its business.
func Pressed(value string) (id, shown, choice string, ok bool) {
	at := strings.LastIndex(value, " ")
	if at < 0 {
		return "", "", "", false
	}
	rest, choice := value[:at], value[at+1:]
	if at = strings.LastIndex(rest, " "); at < 1 {
		return "", "", "", false
	}
	id, shown = rest[:at], rest[at+1:]
	return id, shown, choice, hexDigits.MatchString(shown) && word.MatchString(choice)
}

// Buttons are those of the request's choices, in their order. It has none for what Value is empty.
func Buttons(r request.Request) []Button {
	var out []Button
	for _, choice := range r.Choices {
		if value := Value(r, choice); value != "" {
			out = append(out, Button{Text: label(r.Kind, choice), Value: value, Style: style(r, choice), Form: needsForm(r, choice)})
		}
	}
	return out
}

// needsForm says of a choice that a button alone does not answer it: there is something to fill in or to give as a
// reason, or all that is agreed to has to be read once more.
func needsForm(r request.Request, choice string) bool {
	yes := choice == r.Kind.Yes()
	return yes && (len(r.Fields) > 0 || r.Risk == request.Destructive) || needsReason(r, choice)
}

// needsReason says of a choice that whoever makes it has to say why.
func needsReason(r request.Request, choice string) bool {
	return choice == request.Reject || r.Kind == request.Order && runbook.NeedsReason(choice)
}

// label is what a button or a modal says.
func label(kind request.Kind, choice string) string {
	said := kind.Does(choice)
	if said == "input" {
		said = "fill in"
	}
	if kind == request.SignOff && choice == request.Sign {
		said = "sign off"
	}
	return strings.ToUpper(said[:min(1, len(said))]) + said[min(1, len(said)):]
}

// style tells a yes from a no; a yes to what cannot be taken back is the one in red.
func style(r request.Request, choice string) Style {
	destructive := r.Risk == request.Destructive
	switch {
	case choice == r.Kind.Yes() && !destructive:
		return Primary
	case choice == r.Kind.Yes(), choice == request.Reject && !destructive:
		return Danger
	}
	return ""
}
