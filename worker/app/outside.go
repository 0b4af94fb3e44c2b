package app

import (
	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/pager"
	"github.com/evenkeel/evenkeel/activities/webhook"
	"github.com/evenkeel/evenkeel/templates"
)

// pagerOf returns the pager of an installation; nil where there is none.
func pagerOf(in *templates.Installation) activities.Pager {
	switch p := in.Config.Paging; {
	case p == nil:
		return nil
	case p.PagerDuty != nil:
		return pager.NewDuty(p.PagerDuty.URL, in.Outside.RoutingKey)
	default:
		return pager.NewWebhook(in.Outside.PagingURL, in.Outside.PagingToken)
	}
}

// chatWebhookOf returns the chat of an installation that is only posted to; nil where there is none.
func chatWebhookOf(in *templates.Installation) activities.ChatWebhook {
	if in.Config.ChatWebhook == nil {
		return nil
	}
	return webhook.New(in.Config.ChatWebhook.Kind, in.Outside.ChatWebhookURL)
}
