package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// inSlack takes in what people do in Slack, on the hosts of slack.ingress.
type inSlack struct {
	// http is nil where nothing comes in by HTTP, and socket where none is opened.
	http   *ingress.SlackHTTP
	socket *slackapi.Socket
	slack  *ingress.Slack
	seen   func(transport string, o ingress.Outcome)
}

// The transports, as a metric names them.
const (
	byHTTP   = "http"
	bySocket = "socket"
)

// newInSlack returns what takes in presses and commands; nil where this host takes none.
func newInSlack(in *templates.Installation, chat activities.Chat, presses ingress.Presses, typed ingress.Commands, logger *slog.Logger, registry *prometheus.Registry) *inSlack {
	if in.Slack == nil {
		return nil
	}
	c := in.Config.Slack
	s := &inSlack{seen: pressesSeen(logger, registry)}
	s.slack = ingress.NewSlack(ingress.Slack{
		Team: c.Team, App: c.App, Presses: presses, Commands: typed, Now: time.Now,
		Workspace: workspace{chat},
	})
	if in.Slack.SigningSecret != "" && in.Config.Listens(in.Host) {
		s.http = &ingress.SlackHTTP{Slack: s.slack, Secret: in.Slack.SigningSecret, Seen: func(o ingress.Outcome) { s.seen(byHTTP, o) }}
	}
	if in.Slack.AppToken != "" {
		s.socket = slackapi.NewSocket(slackapi.SocketOptions{Token: in.Slack.AppToken, URL: c.URL, Changed: socketChanged(logger, registry)})
	}
	return s
}

// newIncoming returns all that takes in what comes from outside: what Slack sends, and the listener.
func newIncoming(in *templates.Installation, o Options, chat activities.Chat, zone *time.Location, proven *proof, people *activities.People) (*inSlack, *listened, error) {
	typed := newCommands(in, zone, o.Client, starts{temporal: o.Client, proven: proven, host: in.Host}, people)
	heard := presses{temporal: o.Client, namespace: o.Namespace, proven: proven, host: in.Host}
	slack := newInSlack(in, chat, heard, typed, o.Logger, o.Registry)
	var byHTTP *ingress.SlackHTTP
	if slack != nil {
		byHTTP = slack.http
	}
	listener, err := newOutside(in, o.Client, proven, o.Logger, o.Registry, byHTTP)
	return slack, listener, err
}

// newCommands returns what does the slash commands of an installation.
func newCommands(in *templates.Installation, zone *time.Location, temporal workflows.Lister, starts starts, people *activities.People) commands {
	return commands{
		temporal: temporal, starts: starts, people: people, projects: projectNames(in.Config), definitions: in.Definitions,
		rota: in.Config.OncallRota(), zone: zone, now: time.Now,
	}
}

// projectNames are the names of the projects by host.
func projectNames(c *config.Config) alert.Projects {
	projects := alert.Projects{}
	for name, host := range c.Hosts {
		projects[name] = host.Names()
	}
	return projects
}

// run keeps a socket open, where there is one, until ctx is done.
func (s *inSlack) run(ctx context.Context) {
	if s == nil || s.socket == nil {
		return
	}
	s.socket.Run(ctx, s.envelope)
}

// envelope handles what a socket has brought. Slack has sent it to who has the token, which is what verifies it.
func (s *inSlack) envelope(ctx context.Context, e slackapi.Envelope) ([]byte, bool) {
	out := ingress.Outcome{Result: ingress.Ignored, Why: "nothing is to be done about an envelope of this type"}
	switch e.Type {
	case "interactive":
		out = s.slack.Interaction(ctx, e.Payload, time.Now())
	case "slash_commands":
		fields := map[string]string{}
		if err := json.Unmarshal(e.Payload, &fields); err != nil {
			out = ingress.Outcome{Result: ingress.Malformed, Why: "the slash command has not the form of Slack's"}
			break
		}
		out = s.slack.Command(ctx, fields, time.Now())
	}
	s.seen(bySocket, out)
	return out.Body, out.Acknowledged()
}

// workspace tells people in Slack, and implements ingress.Workspace.
type workspace struct{ chat activities.Chat }

// Whisper shows a message to one user.
func (w workspace) Whisper(ctx context.Context, channel, user string, m message.Message) error {
	post, err := activities.ChatPost("", m.Slack()[0])
	if err != nil {
		return err
	}
	return w.chat.PostEphemeral(ctx, activities.ChatPlace{Channel: channel}, user, post)
}

// Open shows a form.
func (w workspace) Open(ctx context.Context, trigger string, v message.View) error {
	blocks, err := json.Marshal(v.Blocks)
	if err != nil {
		return err
	}
	return w.chat.OpenModal(ctx, trigger, activities.ChatModal{
		Title: v.Title.Text, Submit: v.Submit.Text, Close: v.Close.Text, CallbackID: v.CallbackID, State: v.PrivateMetadata, Blocks: blocks,
	})
}
