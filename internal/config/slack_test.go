package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlack(t *testing.T) {
	c, err := parse("f", "/etc/f", []byte(rotaPeople+rotaText+`groups: {sre: [anna], dba: [ben]}
slack:
  token_file: slack-token
  channel: C0OPS
  groups: {sre: C0SRE, "oncall:primary": C0CALL}
  severities: {Sev1: G0MAJOR}
`))
	require.NoError(t, err)
	s := c.Slack
	require.Equal(t, "/etc/slack-token", s.TokenFile)
	require.Equal(t, "https://slack.com/api/", s.URL)
	require.Equal(t, []string{"C0CALL", "C0OPS", "C0SRE", "G0MAJOR"}, s.Channels())
	for _, of := range []struct {
		severity string
		groups   []string
		want     string
	}{
		{"Sev1", []string{"sre"}, "G0MAJOR"},
		{"Sev2", []string{"dba", "sre", "oncall:primary"}, "C0SRE"},
		{"", []string{"oncall:primary"}, "C0CALL"},
		{"Sev2", []string{"dba"}, "C0OPS"},
		{"", nil, "C0OPS"},
	} {
		require.Equal(t, of.want, s.ChannelFor(of.severity, of.groups), "%v", of)
	}

	none, err := parse("f", "/f", []byte(rotaPeople))
	require.NoError(t, err)
	require.Nil(t, none.Slack)
}

func TestSlackFaults(t *testing.T) {
	const group = rotaPeople + "groups: {sre: [anna]}\n"
	for text, fault := range map[string]string{
		"slack: {}":                                                  "f:6:1: slack.channel: is missing",
		`slack: {channel: "#ops"}`:                                   `f:6:18: slack.channel: "#ops" is not the id of a channel; write one such as C0123456789, which stands at the end of the channel's details`,
		"slack: {channel: D0123}":                                    `f:6:18: slack.channel: "D0123" is not the id of a channel; write one such as C0123456789, which stands at the end of the channel's details`,
		"slack: {channel: C0OPS, groups: {ser: C0SRE}}":              `f:6:39: slack.groups.ser: no group is named "ser"; did you mean "sre"?`,
		`slack: {channel: C0OPS, groups: {"oncall:primary": C0SRE}}`: `f:6:52: slack.groups.oncall:primary: "oncall:primary" names a role on call, and there is no rota; write it under oncall`,
		"slack: {channel: C0OPS, groups: {sre: sre}}":                `f:6:39: slack.groups.sre: "sre" is not the id of a channel; write one such as C0123456789, which stands at the end of the channel's details`,
		"slack: {channel: C0OPS, severities: {Sev5: C0SRE}}":         `f:6:44: slack.severities.Sev5: "Sev5" is no severity; did you mean "Sev1"?`,
		"slack: {channel: C0OPS, url: http://slack.com/api}":         "f:6:30: slack.url: would send the token without encryption; write https://HOST/api/",
		"slack: {channel: C0OPS, url: \"https://u:p@slack.com/\"}":   "f:6:30: slack.url: holds a user or password, which would show in logs; remove it",
		"slack: {channel: C0OPS, token: x}":                          `f:6:25: slack.token: unknown key "token"; valid keys are token_file, url, channel, groups, severities, team, app, signing_secret_file, app_token_file, ingress`,
	} {
		_, err := parse("f", "/f", []byte(group+text+"\n"))
		require.EqualError(t, err, fault, text)
	}
	c, err := parse("f", "/f", []byte(group+"slack: {channel: C0OPS, url: http://127.0.0.1:8089/api}\n"))
	require.NoError(t, err, "a stand-in on this machine needs no encryption")
	require.Equal(t, "http://127.0.0.1:8089/api/", c.Slack.URL)
}

func TestSlackGroups(t *testing.T) {
	_, err := parse("f", "/f", []byte(least+"groups: {sre: [\"slack:S0123\"]}\n"))
	require.EqualError(t, err, "f:4:16: groups.sre[0]: needs Slack to know who is in it; write slack, or name people")
	c, err := parse("f", "/f", []byte(least+"groups: {sre: [\"slack:S0123\"]}\nslack: {channel: C0OPS}\n"))
	require.NoError(t, err)
	require.True(t, c.AsksSlackGroups())
}

func TestSlackToken(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", "")
	file := filepath.Join(t.TempDir(), "token")
	c := &Config{Slack: &Slack{}}
	_, err := c.SlackToken()
	require.EqualError(t, err, "slack has no token; write that of a bot, xoxb-…, into the file that slack.token_file names, or set EVENKEEL_SLACK_TOKEN")
	c.Slack.TokenFile = file
	_, err = c.SlackToken()
	require.ErrorContains(t, err, "slack.token_file: open "+file+": no such file")
	for text, fault := range map[string]string{"a\nb": " is not one line of text", "\n": " is empty"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err = c.SlackToken()
		require.ErrorContains(t, err, "slack.token_file: "+file+fault+"; write the secret into it as one line")
	}
	require.NoError(t, os.Chmod(file, 0o644))
	_, err = c.SlackToken()
	require.ErrorContains(t, err, "slack.token_file: "+file+" is open to others (mode 0644)", "everybody here could post in our name")
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, []byte("xoxb-file\n"), 0o600))
	token, err := c.SlackToken()
	require.NoError(t, err)
	require.Equal(t, "xoxb-file", token)
	t.Setenv("EVENKEEL_SLACK_TOKEN", "xoxb-variable")
	token, err = c.SlackToken()
	require.NoError(t, err)
	require.Equal(t, "xoxb-variable", token)
}
