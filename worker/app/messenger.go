package app

import (
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/internal/config"
)

// chatOf returns the Slack of a configuration; nil where it has none.
func chatOf(c *config.Config) (activities.Chat, error) {
	if c.Slack == nil {
		return nil, nil //nolint:nilnil // it is off
	}
	token, err := c.SlackToken()
	if err != nil {
		return nil, err
	}
	return slackapi.New(slackapi.Options{Token: token, URL: c.Slack.URL}), nil
}

// messenger tells people what runs have to say: in a chat where there is one, and else only the ledger.
func messenger(c *config.Config, book activities.Ledger, chat activities.Chat, zone *time.Location) activities.Messenger {
	ledger := activities.LedgerMessenger{Ledger: book}
	if chat == nil {
		return ledger
	}
	return activities.ChatMessenger{
		Ledger: ledger, Once: activities.ChatOnce{Chat: chat}, Channel: c.Slack.ChannelFor, Zone: zone,
	}
}
