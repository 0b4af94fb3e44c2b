package config

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/address"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Slack is the workspace in which people are told what runs have to say.
type Slack struct {
	// TokenFile holds the token of a bot; the environment's EVENKEEL_SLACK_TOKEN wins over it.
	TokenFile string `yaml:"token_file"`
	// URL is where the Web API is, with a slash at its end; Load sets Slack's own when the file has none.
	URL string `yaml:"url"`
	// Channel is the id of the channel for whatever has no other.
	Channel string `yaml:"channel"`
	// Groups and Severities are the ids of channels, by names of Config.Groups and by Sev1 to Sev4.
	Groups     map[string]string `yaml:"groups"`
	Severities map[string]string `yaml:"severities"`
	// Team is the id of the workspace: nobody of another one presses anything. App is that of our app; empty is any that
	// proves itself by the secrets below.
	Team string `yaml:"team"`
	App  string `yaml:"app"`
	// SigningSecretFile holds what Slack signs requests to ingress.listen with, AppTokenFile the token of the app that opens a
	// socket to Slack; the environment's EVENKEEL_SLACK_SIGNING_SECRET and EVENKEEL_SLACK_APP_TOKEN win over them.
	SigningSecretFile string `yaml:"signing_secret_file"`
	AppTokenFile      string `yaml:"app_token_file"`
	// Ingress are the hosts whose workers take presses, and whose word for them counts on all. Load sets the only host.
	Ingress []string `yaml:"ingress"`
}

// slackURL is where Slack's own Web API is.
const slackURL = "https://slack.com/api/"

// channel is an id of Slack's.
var channel = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)

// ChannelFor is the channel for what has a severity, which may be empty, and is for groups: that of the severity, else
// that of the first group that has one, else Channel.
func (s *Slack) ChannelFor(severity string, groups []string) string {
	if id, ok := s.Severities[severity]; ok {
		return id
	}
	for _, name := range groups {
		if id, ok := s.Groups[name]; ok {
			return id
		}
	}
	return s.Channel
}

// Channels are the ids of all channels, each once, sorted.
func (s *Slack) Channels() []string {
	all := slices.AppendSeq([]string{s.Channel}, maps.Values(s.Groups))
	all = slices.AppendSeq(all, maps.Values(s.Severities))
	slices.Sort(all)
	return slices.Compact(all)
}

// SlackToken returns the token of the configuration's Slack, which is there: the environment's EVENKEEL_SLACK_TOKEN,
// else what token_file holds. It is an error where there is none. It is a secret.
func (c *Config) SlackToken() (string, error) {
	if token := os.Getenv("EVENKEEL_SLACK_TOKEN"); token != "" {
		return token, nil
	}
	if c.Slack.TokenFile == "" {
		return "", errors.New("slack has no token; write that of a bot, xoxb-…, into the file that slack.token_file names, or set EVENKEEL_SLACK_TOKEN")
	}
	return c.private("slack.token_file", c.Slack.TokenFile)
}

// checkSlack reports what cannot be an address or a channel of Slack's, and names of groups and severities that there are
// not. It follows checkPeople, which adds the groups of the roles on call.
func (c *Config) checkSlack(doc *strictyaml.Document) {
	s := c.Slack
	if s == nil {
		return
	}
	doc.Require("slack.channel")
	if doc.Has("slack.channel") {
		checkChannel(doc, "slack.channel", s.Channel)
	}
	if s.URL == "" {
		s.URL = slackURL
	}
	s.URL = strings.TrimSuffix(s.URL, "/") + "/"
	if doc.Has("slack.url") {
		checkURL(doc, "slack.url", s.URL)
		if u, err := url.Parse(s.URL); err == nil && u.Scheme == "http" && !address.Encrypted(u) {
			doc.Fault("slack.url", "would send the token without encryption; write https://HOST/api/")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		at := "slack.groups." + name
		checkChannel(doc, at, s.Groups[name])
		known := slices.Sorted(maps.Keys(c.Groups))
		switch {
		case slices.Contains(known, name) || !doc.Sound("groups"):
		case oncall.IsGroup(name):
			c.checkRole(doc, at, name)
		default:
			doc.Fault(at, "no group is named %s; %s", strictyaml.Quote(name), strictyaml.Instead(name, known))
		}
	}
	c.checkPresses(doc)
	for _, name := range slices.Sorted(maps.Keys(s.Severities)) {
		at := "slack.severities." + name
		checkChannel(doc, at, s.Severities[name])
		if !slices.Contains(request.Severities, name) {
			doc.Fault(at, "%s is no severity; %s", strictyaml.Quote(name), strictyaml.Instead(name, request.Severities))
		}
	}
}

func checkChannel(doc *strictyaml.Document, at, id string) {
	if !channel.MatchString(id) {
		doc.Fault(at, "%s is not the id of a channel; write one such as C0123456789, which stands at the end of the channel's details", strictyaml.Quote(id))
	}
}
