package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// slack says whether the bot of the configuration may tell people in every channel. It posts nothing.
func (d *doctor) slack(ctx context.Context) finding {
	switch {
	case d.configFault != nil:
		return notAsked("needs the configuration")
	case d.config.Slack == nil:
		return noted("none is configured; the ledger alone has what people are told", "to tell people in Slack, set slack")
	}
	token, err := d.config.SlackToken()
	if err != nil {
		what, todo, _ := strings.Cut(err.Error(), "; ")
		return lacking(what, todo)
	}
	call := slackCall{url: d.config.Slack.URL, token: token}
	var self struct{ User, Team string }
	headers, err := call.ask(ctx, "auth.test", nil, &self)
	if err != nil {
		return lacking("auth.test: "+reason(err), "give the token of a bot that is installed in the workspace, or correct slack.url")
	}
	wanted := []string{"chat:write", "channels:history", "groups:history"}
	if d.config.AsksSlackGroups() {
		wanted = append(wanted, "usergroups:read")
	}
	if missing := missingScopes(headers, wanted...); len(missing) > 0 {
		return lacking(fmt.Sprintf("the token of %s lacks %s", self.User, strings.Join(missing, ", ")), "add the scopes to the app, install it again, and give the new token")
	}
	channels := d.config.Slack.Channels()
	faults := make([]string, len(channels))
	var wait sync.WaitGroup
	for i, id := range channels {
		wait.Go(func() {
			if _, err := call.ask(ctx, "conversations.history", url.Values{"channel": {id}, "limit": {"1"}}, &struct{}{}); err != nil {
				faults[i] = id + ": " + reason(err)
			}
		})
	}
	wait.Wait()
	if faults = slices.DeleteFunc(faults, func(fault string) bool { return fault == "" }); len(faults) > 0 {
		return lacking(strings.Join(faults, ", "), "invite the bot "+self.User+" into each of them, or correct their ids")
	}
	return well(fmt.Sprintf("%s in %s, %s", self.User, self.Team, counted(len(channels), "channel")))
}

// missingScopes are those of the scopes that the token of an answer lacks; none where the answer does not say.
func missingScopes(headers http.Header, wanted ...string) (missing []string) {
	var has []string
	for scope := range strings.SplitSeq(headers.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			has = append(has, scope)
		}
	}
	for _, scope := range wanted {
		if len(has) > 0 && !slices.Contains(has, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}

// slackCall asks Slack's Web API. starter has no client of its own for it: it would bring everything else along.
type slackCall struct{ url, token string }

// slackCode is how Slack's errors look. Anything else may be the token, that comes back.
var slackCode = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// ask calls a method, reads its answer and returns its headers. No error repeats the token.
func (s slackCall) ask(ctx context.Context, method string, form url.Values, answer any) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+method, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the address of the API is none")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+s.token)
	// A redirect would carry the token elsewhere.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{response.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, err
	}
	var said struct {
		OK    bool
		Error string
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, errors.New("the answer is not Slack's")
	}
	switch {
	case !said.OK && !slackCode.MatchString(said.Error):
		return nil, errors.New("refused, and no reason is given")
	case !said.OK:
		return nil, errors.New("Slack says " + said.Error)
	}
	return response.Header, json.Unmarshal(body, answer)
}
