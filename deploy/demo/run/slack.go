package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// pageAddress is where the stand-in of Slack is while nobody else is there.
const pageAddress = "127.0.0.1:18090"

// workspace is where people are asked: in a real one of Slack's, or in a stand-in.
type workspace struct {
	stack.Slack
	// standIn is nil where it is a real one; page is where a person looks at it.
	standIn *slackfake.Server
	page    string
}

// openWorkspace serves the stand-in of Slack until the workspace is closed, unless the environment has tokens of a real app.
func openWorkspace() (*workspace, error) {
	real, err := realSlack(os.Getenv)
	if err != nil || real != nil {
		return real, err
	}
	w := &workspace{standIn: slackfake.New(slackfake.Options{})}
	if w.page, err = w.standIn.Start(pageAddress); err != nil {
		if w.page, err = w.standIn.Start("127.0.0.1:0"); err != nil {
			return nil, err
		}
	}
	w.Slack = stack.StandIn(w.page)
	return w, nil
}

// realSlack is the workspace that the environment names; nil where it names none.
func realSlack(env func(string) string) (*workspace, error) {
	token, app := env("EVENKEEL_SLACK_TOKEN"), env("EVENKEEL_SLACK_APP_TOKEN")
	if token == "" && app == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	ids := strings.Split(env("EVENKEEL_DEMO_SLACK"), "/")
	switch {
	case token == "":
		return nil, errors.New("EVENKEEL_SLACK_APP_TOKEN is set and EVENKEEL_SLACK_TOKEN is not; set both, or none for the stand-in of Slack")
	case app == "":
		return nil, errors.New("EVENKEEL_SLACK_TOKEN is set and EVENKEEL_SLACK_APP_TOKEN is not; set both, or none for the stand-in of Slack")
	case len(ids) != 3:
		return nil, fmt.Errorf("EVENKEEL_DEMO_SLACK=%q is not TEAM/CHANNEL/USER; write three ids, such as T0123456789/C0123456789/U0123456789", env("EVENKEEL_DEMO_SLACK"))
	}
	return &workspace{
		Slack: stack.Slack{URL: "https://slack.com/api/", Team: ids[0], Channel: ids[1], User: ids[2]},
		page:  "https://app.slack.com/client/" + ids[0] + "/" + ids[1],
	}, nil
}

func (w *workspace) close() {
	if w.standIn != nil {
		w.standIn.Close()
	}
}
