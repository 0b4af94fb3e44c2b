package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTakesPresses(t *testing.T) {
	const two = "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {h: {projects: {p: {directory: .}}}, i: {projects: {p: {directory: .}}}}\n"
	for text, want := range map[string][]string{
		least:                             nil,
		least + "slack: {channel: C0OPS}": nil,
		least + "slack: {channel: C0OPS, team: T0123, app: A0123, app_token_file: t}":                    {"h"},
		least + "ingress: {listen: 'h:1'}\nslack: {channel: C0OPS, team: T0123, signing_secret_file: s}": {"h"},
		two + "slack: {channel: C0OPS, team: T0123, app_token_file: s, ingress: [i]}":                    {"i"},
		two + "slack: {channel: C0OPS}":               nil,
		two + "slack: {channel: C0OPS, ingress: [i]}": nil,
	} {
		c, err := parse("f", "/f", []byte(text))
		require.NoError(t, err, text)
		var got []string
		for _, host := range []string{"h", "i"} {
			if c.TakesPresses(host) {
				got = append(got, host)
			}
		}
		require.Equal(t, want, got, text)
	}
}

func TestPressFaults(t *testing.T) {
	const two = "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {h: {projects: {p: {directory: .}}}, i: {projects: {p: {directory: .}}}}\n"
	for text, fault := range map[string]string{
		least + "slack: {channel: C0OPS, app_token_file: t}":                                                                        "f:4:1: slack.team: is missing; people and presses count only from your own workspace: write its id, such as T0123456789",
		least + "slack: {channel: C0OPS, team: T0123, signing_secret_file: t}":                                                      "f:4:59: slack.signing_secret_file: is for presses by HTTP, which come in at ingress.listen; write that too, or use slack.app_token_file, which needs no address",
		two + "ingress: {listen: 'h:1', hosts: [h]}\nslack: {channel: C0OPS, team: T0123, signing_secret_file: t, ingress: [h, i]}": "f:5:75: slack.ingress[1]: the host i does not listen, so that no press comes in there; write it into ingress.hosts, or set slack.app_token_file",
	} {
		_, err := parse("f", "/f", []byte(text))
		require.EqualError(t, err, fault, text)
	}
	t.Setenv(appTokenVariable, "xapp-1")
	_, err := parse("f", "/f", []byte(least+"slack: {channel: C0OPS}"))
	require.ErrorContains(t, err, "slack.team: is missing", "a token in the environment opens the socket as well")
}

func TestSlackSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	c := &Config{Path: "/c", Slack: &Slack{SigningSecretFile: write("signing", "0123456789abcdef\n"), AppTokenFile: write("app", "xapp-1-A0123-0123456789\n")}}
	all, err := c.SlackSecrets()
	require.NoError(t, err)
	require.Equal(t, SlackSecrets{SigningSecret: "0123456789abcdef", AppToken: "xapp-1-A0123-0123456789"}, all)

	c.Slack.AppTokenFile = write("bot", "xoxb-1-0123456789abcdef\n")
	_, err = c.SlackSecrets()
	require.EqualError(t, err, "/c: slack.app_token_file: does not hold the token of an app; write one that begins with xapp-, which Slack makes under Basic Information, App-Level Tokens")
	c.Slack.SigningSecretFile = write("short", "0123\n")
	_, err = c.SlackSecrets()
	require.EqualError(t, err, "/c: slack.signing_secret_file: "+filepath.Join(dir, "short")+" has 4 bytes; write at least 16, such as openssl rand -hex 32 prints")

	t.Setenv(signingSecretVariable, "from the environment")
	t.Setenv(appTokenVariable, "xapp-environment")
	all, err = c.SlackSecrets()
	require.NoError(t, err)
	require.Equal(t, SlackSecrets{SigningSecret: "from the environment", AppToken: "xapp-environment"}, all)
}

func TestPeopleInSlack(t *testing.T) {
	const team = "slack: {channel: C0OPS, team: T0123}\n"
	c, err := parse("f", "/f", []byte(least+team+"people: {anna: {slack: U0ANNA}, ben: {host: [ben@h], slack: W0BEN}}\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"anna", "ben", "", ""}, []string{c.People.InSlack("U0ANNA"), c.People.InSlack("W0BEN"), c.People.InSlack("U0"), c.People.InSlack("")})
	for people, fault := range map[string]string{
		"{anna: {slack: anna}}":                   `f:5:24: people.anna.slack: "anna" is not the id of a user of Slack; write one such as U0123456789, which stands in the user's profile`,
		"{anna: {slack: U01}, ben: {slack: U01}}": `f:5:43: people.ben.slack: "U01" is anna's already; a user of Slack is one person`,
		"{anna: {}}": "f:5:10: people.anna: has no account and no principal; write at least one, such as {host: [anna@gpu-1]}",
	} {
		_, err := parse("f", "/f", []byte(least+team+"people: "+people+"\n"))
		require.EqualError(t, err, fault)
	}
	_, err = parse("f", "/f", []byte(least+"slack: {channel: C0OPS}\npeople: {anna: {slack: U0ANNA}}\n"))
	require.ErrorContains(t, err, "slack.team: is missing")
}
