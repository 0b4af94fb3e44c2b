package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// The payloads that mean something here. Slack sends others too, such as of a form that was closed.
const (
	blockActions   = "block_actions"
	viewSubmission = "view_submission"
)

// payload is what Slack says of one thing that a person has done, as far as it means something here.
type payload struct {
	Type string `json:"type"`
	App  string `json:"api_app_id"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Trigger   string `json:"trigger_id"`
	Container struct {
		Channel string `json:"channel_id"`
		Message string `json:"message_ts"`
	} `json:"container"`
	Actions []action `json:"actions"`
	View    view     `json:"view"`
}

// action is a press of an element.
type action struct {
	Type  string `json:"type"`
	ID    string `json:"action_id"`
	Block string `json:"block_id"`
	Value string `json:"value"`
	TS    string `json:"action_ts"`
}

// view is a form that was sent.
type view struct {
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]filled `json:"values"`
	} `json:"state"`
}

// filled is what was filled into one element: a text, or the value of what was selected; null is nothing.
type filled struct {
	Value    string `json:"value"`
	Selected struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

// The ids and times that Slack makes. They become part of statements, of ids, and of calls to Slack.
var (
	slackUser    = regexp.MustCompile(`^[UW][A-Z0-9]{1,31}$`)
	slackChannel = regexp.MustCompile(`^[CGD][A-Z0-9]{1,31}$`)
	slackTS      = regexp.MustCompile(`^[0-9]{1,12}\.[0-9]{1,9}$`)
)

// parsePayload reads a payload. One of a type that means nothing here has the type and nothing else that counts.
func parsePayload(raw []byte) (p payload, err error) {
	var of struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &of) != nil || of.Type == "" {
		return payload{}, errors.New("the payload is no JSON object with a type")
	}
	if of.Type != blockActions && of.Type != viewSubmission {
		return payload{Type: of.Type}, nil
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return payload{}, fmt.Errorf("the %s has not the form of Slack's", of.Type)
	}
	switch {
	case !slackUser.MatchString(p.User.ID):
		err = errors.New("the payload names no user")
	case p.Type == blockActions && (len(p.Actions) != 1 || !slackTS.MatchString(p.Actions[0].TS)):
		err = errors.New("the payload has not one action with its time")
	case p.Type == blockActions && (!slackChannel.MatchString(p.Container.Channel) || !slackTS.MatchString(p.Container.Message)):
		err = errors.New("the payload names no message in a channel")
	}
	return p, err
}

// values are what was filled in, by the ids of the blocks.
func (v view) values() map[string]string {
	out := map[string]string{}
	for block, elements := range v.State.Values {
		for _, f := range elements {
			if f.Value != "" {
				out[block] = f.Value
			} else if f.Selected.Value != "" {
				out[block] = f.Selected.Value
			}
		}
	}
	return out
}
