package config

// Outside are the secrets of the services outside that a configuration names; one that it does not name is empty.
type Outside struct {
	RoutingKey                   string
	PagingURL, PagingToken       string
	ChatWebhookURL, HeartbeatURL string
}

// Outside reads all secrets of services outside. The error is the first fault of a file, at the place of its field.
func (c *Config) Outside() (o Outside, err error) {
	if o.RoutingKey, err = c.RoutingKey(); err != nil {
		return Outside{}, err
	}
	if o.PagingURL, o.PagingToken, err = c.PagingWebhook(); err != nil {
		return Outside{}, err
	}
	if o.ChatWebhookURL, err = c.ChatWebhookURL(); err != nil {
		return Outside{}, err
	}
	if o.HeartbeatURL, err = c.HeartbeatURL(); err != nil {
		return Outside{}, err
	}
	return o, nil
}

// RoutingKey returns PagerDuty's routing key, a secret; "" where PagerDuty is not the pager. The error is a fault of its
// file, at the place of the field.
func (c *Config) RoutingKey() (string, error) {
	if c.Paging == nil || c.Paging.PagerDuty == nil {
		return "", nil
	}
	return c.private("paging.pagerduty.routing_key_file", c.Paging.PagerDuty.RoutingKeyFile)
}

// PagingWebhook returns the address of the webhook that wakes people up, and its bearer token, both secrets; "" where
// there is none. The error is a fault of one of the files, at the place of its field.
func (c *Config) PagingWebhook() (url, token string, err error) {
	if c.Paging == nil || c.Paging.Webhook == nil {
		return "", "", nil
	}
	w := c.Paging.Webhook
	if url, err = c.privateAddress("paging.webhook.url_file", w.URLFile); err == nil && w.TokenFile != "" {
		token, err = c.private("paging.webhook.token_file", w.TokenFile)
	}
	if err != nil {
		return "", "", err
	}
	return url, token, nil
}

// ChatWebhookURL returns the address of the chat's webhook, a secret; "" where there is none. The error is a fault of its
// file, at the place of the field.
func (c *Config) ChatWebhookURL() (string, error) {
	if c.ChatWebhook == nil {
		return "", nil
	}
	return c.privateAddress("chat_webhook.url_file", c.ChatWebhook.URLFile)
}

// HeartbeatURL returns where heartbeats go, a secret; "" where none are sent. The error is a fault of its file, at the
// place of the field.
func (c *Config) HeartbeatURL() (string, error) {
	if c.Heartbeat == nil {
		return "", nil
	}
	return c.privateAddress("heartbeat.url_file", c.Heartbeat.URLFile)
}
