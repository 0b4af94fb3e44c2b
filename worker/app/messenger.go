package app

import (
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/internal/config"
)

// messenger tells people what runs have to say: in Slack where the configuration has it, and else only the ledger.
func messenger(c *config.Config, book activities.Ledger) (activities.Messenger, error) {
	ledger := activities.LedgerMessenger{Ledger: book}
	if c.Slack == nil {
		return ledger, nil
	}
	token, err := c.SlackToken()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, c.Fault("time_zone", "%v", err)
	}
	return activities.ChatMessenger{
		Ledger: ledger, Once: activities.ChatOnce{Chat: slackapi.New(slackapi.Options{Token: token, URL: c.Slack.URL})}, Channel: c.Slack.ChannelFor, Zone: zone,
	}, nil
}
