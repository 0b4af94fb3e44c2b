package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// clocksApart is how far this host's clock may be from Slack's. Beyond five minutes no signature of Slack's counts.
const clocksApart = 2 * time.Minute

// slackPresses says whether presses and commands of the workspace can come in on this host. It opens no socket.
func (d *doctor) slackPresses(ctx context.Context) finding {
	secrets, err := d.config.SlackSecrets()
	if err != nil {
		return faultyFile(err)
	}
	token, err := d.config.SlackToken()
	if err != nil {
		return faultyFile(err)
	}
	call := slackCall{url: d.config.Slack.URL, token: token}
	var self struct {
		Team string
		ID   string `json:"team_id"`
	}
	headers, err := call.ask(ctx, "auth.test", nil, &self)
	if err != nil {
		return lacking("auth.test: "+reason(err), "see the line of Slack above")
	}
	if self.ID != d.config.Slack.Team {
		return lacking(fmt.Sprintf("slack.team is %s, and the token is of %s", d.config.Slack.Team, self.ID), "write slack.team: "+self.ID+", or give the token of the other workspace")
	}
	if missing := missingScopes(headers, "commands"); len(missing) > 0 {
		return lacking("the token lacks "+strings.Join(missing, ", "), "add the scope to the app, install it again, and give the new token")
	}
	if at, err := http.ParseTime(headers.Get("Date")); err == nil && time.Since(at).Abs() > clocksApart {
		return lacking(fmt.Sprintf("the clock of this host is %s from Slack's", time.Since(at).Abs().Round(time.Second)), "set it right, as by NTP; what Slack has signed counts for 5 minutes")
	}
	var ways []string
	if secrets.SigningSecret != "" {
		ways = append(ways, "by HTTP at "+d.config.Ingress.Listen)
	}
	if secrets.AppToken != "" {
		app := slackCall{url: d.config.Slack.URL, token: secrets.AppToken}
		if _, err := app.ask(ctx, "apps.connections.open", nil, &struct{}{}); err != nil {
			return lacking("apps.connections.open: "+reason(err), "switch Socket Mode on, and give a token of the app with the scope connections:write")
		}
		ways = append(ways, "over a socket")
	}
	return well("they come in " + strings.Join(ways, " and "))
}
