package activities

// Channels are where people are told beside the ledger, as the host of a run is configured.
type Channels struct {
	// Chat is Slack, where a request is one message with buttons.
	Chat bool `json:"chat,omitempty"`
	// Pager wakes people up.
	Pager bool `json:"pager,omitempty"`
	// Webhook is a chat that is only posted to.
	Webhook bool `json:"webhook,omitempty"`
}

// Any says whether there is one.
func (c Channels) Any() bool { return c != Channels{} }
