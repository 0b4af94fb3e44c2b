package config

import (
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// The variables of the environment that win over slack.signing_secret_file and slack.app_token_file.
const (
	signingSecretVariable = "EVENKEEL_SLACK_SIGNING_SECRET"
	appTokenVariable      = "EVENKEEL_SLACK_APP_TOKEN"
)

var (
	slackTeam = regexp.MustCompile(`^T[A-Z0-9]{2,}$`)
	slackApp  = regexp.MustCompile(`^A[A-Z0-9]{2,}$`)
)

// SlackSecrets are what presses come in by.
type SlackSecrets struct {
	// SigningSecret is what Slack signs requests with; empty where none come in by HTTP.
	SigningSecret string
	// AppToken opens a socket, "xapp-…"; empty where none is opened.
	AppToken string
}

// byHTTP says whether presses come in at ingress.listen, bySocket whether they come in over a socket.
func (s *Slack) byHTTP() bool {
	return s.SigningSecretFile != "" || os.Getenv(signingSecretVariable) != ""
}

func (s *Slack) bySocket() bool { return s.AppTokenFile != "" || os.Getenv(appTokenVariable) != "" }

// TakesPresses says whether the worker of a host takes presses and commands of Slack.
func (c *Config) TakesPresses(host string) bool {
	return c.Slack != nil && (c.Slack.byHTTP() || c.Slack.bySocket()) && slices.Contains(c.Slack.Ingress, host)
}

// SlackSecrets reads what presses come in by. The error has the place of the field whose file is no secret, and repeats
// nothing of it.
func (c *Config) SlackSecrets() (all SlackSecrets, err error) {
	s := c.Slack
	if s == nil {
		return SlackSecrets{}, nil
	}
	for _, of := range []struct {
		into                  *string
		variable, field, file string
	}{
		{&all.SigningSecret, signingSecretVariable, "slack.signing_secret_file", s.SigningSecretFile},
		{&all.AppToken, appTokenVariable, "slack.app_token_file", s.AppTokenFile},
	} {
		switch *of.into = os.Getenv(of.variable); {
		case *of.into != "" || of.file == "":
			continue
		}
		if *of.into, err = readShared(of.file); err != nil {
			return SlackSecrets{}, c.Fault(of.field, "%v", err)
		}
	}
	if token := all.AppToken; token != "" && !appToken.MatchString(token) {
		return SlackSecrets{}, c.Fault("slack.app_token_file", "does not hold the token of an app; write one that begins with xapp-, which Slack makes under Basic Information, App-Level Tokens")
	}
	return all, nil
}

var appToken = regexp.MustCompile(`^xapp-[\x21-\x7e]+$`)

// checkPresses also fills in what the file leaves to the defaults. It follows checkIngress and checkPeople.
func (c *Config) checkPresses(doc *strictyaml.Document) {
	s := c.Slack
	if doc.Has("slack.team") && !slackTeam.MatchString(s.Team) {
		doc.Fault("slack.team", "%s is not the id of a workspace; write one such as T0123456789, which stands in the address of the workspace in a browser", strictyaml.Quote(s.Team))
	}
	if doc.Has("slack.app") && !slackApp.MatchString(s.App) {
		doc.Fault("slack.app", "%s is not the id of an app; write one such as A0123456789, which stands under Basic Information", strictyaml.Quote(s.App))
	}
	hosts := slices.Sorted(maps.Keys(c.Hosts))
	comesIn := s.byHTTP() || s.bySocket()
	switch {
	case !doc.Has("slack.ingress") && len(hosts) == 1:
		s.Ingress = hosts
	case len(s.Ingress) == 0 && doc.Sound("hosts") && (comesIn || doc.Has("slack.ingress")):
		doc.Fault("slack.ingress", "names no host; write those whose workers take presses, such as [%s]", slices.Concat(hosts, []string{"gpu-1"})[0])
	}
	for i, name := range s.Ingress {
		at := index("slack.ingress", i)
		known := !doc.Has("slack.ingress") || c.checkHostName(doc, at, name)
		if known && s.byHTTP() && !s.bySocket() && c.Ingress.Listen != "" && !c.Listens(name) && doc.Sound("ingress") {
			if !doc.Has("slack.ingress") {
				at = "slack.signing_secret_file"
			}
			doc.Fault(at, "the host %s does not listen, so that no press comes in there; write it into ingress.hosts, or set slack.app_token_file", name)
		}
	}
	comesIn = comesIn || slices.ContainsFunc(slices.Collect(maps.Values(c.People)), func(p identity.Person) bool { return p.Slack != "" })
	if comesIn && s.Team == "" {
		doc.Fault("slack.team", "is missing; people and presses count only from your own workspace: write its id, such as T0123456789")
	}
	if s.byHTTP() && c.Ingress.Listen == "" && doc.Sound("ingress") {
		at := "slack.signing_secret_file"
		doc.Fault(at, "is for presses by HTTP, which come in at ingress.listen; write that too, or use slack.app_token_file, which needs no address")
	}
}
