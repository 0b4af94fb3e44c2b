package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// button is one of a message.
type button struct {
	Block, Action, Text string
}

// buttons are those of a message.
func buttons(m slackfake.Message) (found []button) {
	var blocks []struct {
		ID       string `json:"block_id"`
		Type     string `json:"type"`
		Elements []struct {
			ID   string          `json:"action_id"`
			Text json.RawMessage `json:"text"`
		} `json:"elements"`
	}
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) != nil {
		return nil
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			var text struct {
				Text string `json:"text"`
			}
			if b.Type == "actions" && json.Unmarshal(e.Text, &text) == nil {
				found = append(found, button{Block: b.ID, Action: e.ID, Text: text.Text})
			}
		}
	}
	return found
}

// approve presses Approve in a message as a user, and sends the form that opens then.
func approve(ctx context.Context, slack *slackfake.Server, m slackfake.Message, user, reason string) error {
	for _, b := range buttons(m) {
		if b.Text != "Approve" {
			continue
		}
		if _, err := slack.Press(ctx, slackfake.Press{User: user, Channel: m.Channel, TS: m.TS, Block: b.Block, Action: b.Action}); err != nil {
			return err
		}
		open := slack.Views(user)
		if len(open) == 0 {
			return fmt.Errorf("no form opened: %s was told %q", user, told(slack, user))
		}
		if _, err := slack.Submit(ctx, slackfake.Submission{User: user, View: open[0].ID, Values: map[string][]string{"reason": {reason}}}); err != nil {
			return err
		}
		if open := slack.Views(user); len(open) > 0 {
			return fmt.Errorf("the form was refused: %v", open[0].Errors)
		}
		return nil
	}
	return fmt.Errorf("the message has no button Approve: %s", m.Text)
}

// told is what only a user was told last.
func told(slack *slackfake.Server, user string) string {
	said := slack.Ephemeral(user)
	if len(said) == 0 {
		return ""
	}
	return said[len(said)-1].Text
}
