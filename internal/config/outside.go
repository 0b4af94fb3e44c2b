package config

import (
	"net/url"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/address"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Paging is who wakes people up: one of PagerDuty and Webhook.
type Paging struct {
	PagerDuty *PagerDuty     `yaml:"pagerduty"`
	Webhook   *PagingWebhook `yaml:"webhook"`
	// Severities are those that wake somebody up; Load sets Sev1 and Sev2 when the file has none.
	Severities []string `yaml:"severities"`
}

// PagerDuty is a service of PagerDuty's, or of what has its Events API v2.
type PagerDuty struct {
	// RoutingKeyFile holds the routing key of the service; see Config.RoutingKey.
	RoutingKeyFile string `yaml:"routing_key_file"`
	// URL is the base address of the API; Load sets PagerDuty's own in the United States when the file has none.
	URL string `yaml:"url"`
}

// PagingWebhook is a service of one's own that is told of pages.
type PagingWebhook struct {
	// URLFile holds its address, and TokenFile a bearer token; see Config.PagingWebhook.
	URLFile   string `yaml:"url_file"`
	TokenFile string `yaml:"token_file"`
}

// ChatWebhook is a channel of a chat that is only posted to.
type ChatWebhook struct {
	// Kind is mattermost, discord or teams.
	Kind message.Target `yaml:"kind"`
	// URLFile holds its address; see Config.ChatWebhookURL.
	URLFile string `yaml:"url_file"`
}

// Heartbeat is whom each worker tells that it is ready, and who notices when it no longer does.
type Heartbeat struct {
	// URLFile holds the address; see Config.HeartbeatURL.
	URLFile string `yaml:"url_file"`
	// Interval is 10s to 1h; Load sets 1m when the file has none.
	Interval strictyaml.Duration `yaml:"interval"`
}

const (
	// PagerDutyURL is the address of PagerDuty's API in the United States.
	PagerDutyURL = "https://events.pagerduty.com"

	defaultInterval = time.Minute
	minInterval     = 10 * time.Second
	maxInterval     = time.Hour
)

// Pages says whether something of that severity, Sev1 to Sev4, wakes somebody up. Without paging nothing does.
func (p *Paging) Pages(severity string) bool {
	return p != nil && slices.Contains(p.Severities, severity)
}

// expandOutside makes the file names absolute, by file.
func (c *Config) expandOutside(doc *strictyaml.Document, file func(field string, value *string)) {
	if p := c.Paging; p != nil && p.PagerDuty != nil {
		file("paging.pagerduty.routing_key_file", &p.PagerDuty.RoutingKeyFile)
		p.PagerDuty.URL = variables(doc, "paging.pagerduty.url", p.PagerDuty.URL)
	}
	if p := c.Paging; p != nil && p.Webhook != nil {
		file("paging.webhook.url_file", &p.Webhook.URLFile)
		file("paging.webhook.token_file", &p.Webhook.TokenFile)
	}
	if c.ChatWebhook != nil {
		file("chat_webhook.url_file", &c.ChatWebhook.URLFile)
	}
	if c.Heartbeat != nil {
		file("heartbeat.url_file", &c.Heartbeat.URLFile)
	}
}

// checkOutside also fills in what the file leaves to the defaults.
func (c *Config) checkOutside(doc *strictyaml.Document) {
	if c.Paging != nil {
		c.Paging.check(doc)
	}
	if w := c.ChatWebhook; w != nil {
		doc.Require("chat_webhook.kind", "chat_webhook.url_file")
		if doc.Has("chat_webhook.kind") && !slices.Contains([]message.Target{message.Mattermost, message.Discord, message.Teams}, w.Kind) {
			doc.Fault("chat_webhook.kind", "%s is not a kind of webhook; write mattermost, discord or teams", strictyaml.Quote(string(w.Kind)))
		}
	}
	if h := c.Heartbeat; h != nil {
		doc.Require("heartbeat.url_file")
		if !doc.Has("heartbeat.interval") {
			h.Interval = strictyaml.Duration(defaultInterval)
		}
		if d := time.Duration(h.Interval); doc.Sound("heartbeat.interval") && (d < minInterval || d > maxInterval) {
			doc.Fault("heartbeat.interval", "%s is not a time between two heartbeats; write 10s to 1h", h.Interval)
		}
	}
}

func (p *Paging) check(doc *strictyaml.Document) {
	switch {
	case p.PagerDuty != nil && p.Webhook != nil:
		doc.Fault("paging.webhook", "is a second pager beside pagerduty; write one of them")
	case p.PagerDuty == nil && p.Webhook == nil:
		doc.Fault("paging", "names no pager; write pagerduty or webhook, or remove it")
	}
	if d := p.PagerDuty; d != nil {
		const at = "paging.pagerduty.url"
		doc.Require("paging.pagerduty.routing_key_file")
		if !doc.Has(at) {
			d.URL = PagerDutyURL
		}
		checkURL(doc, at, d.URL)
		if u, err := url.Parse(d.URL); err == nil && u.Scheme == "http" && !address.Encrypted(u) {
			doc.Fault(at, "is not encrypted, and the routing key is sent there; write https://HOST")
		}
	}
	if p.Webhook != nil {
		doc.Require("paging.webhook.url_file")
	}
	if !doc.Has("paging.severities") {
		p.Severities = []string{"Sev1", "Sev2"}
	}
	if len(p.Severities) == 0 && doc.Sound("paging.severities") {
		doc.Fault("paging.severities", "is empty, so nobody would ever be woken up; write some of Sev1, Sev2, Sev3 and Sev4, or remove it")
	}
	for i, severity := range p.Severities {
		switch at := index("paging.severities", i); {
		case !slices.Contains(request.Severities, severity):
			doc.Fault(at, "%s is not a severity; write Sev1, Sev2, Sev3 or Sev4", strictyaml.Quote(severity))
		case slices.Contains(p.Severities[:i], severity):
			doc.Fault(at, "%s is there already; remove one of them", severity)
		}
	}
}
