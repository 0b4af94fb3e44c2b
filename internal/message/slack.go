package message

import "cmp"

// Post is what Slack's chat.postMessage and chat.update are given beside the channel, and the thread of all but the
// first post of a message. The flags keep Slack from finding mentions and links by itself.
type Post struct {
	// Text is what notifications show, and readers that see no blocks.
	Text        string  `json:"text"`
	Blocks      []Block `json:"blocks"`
	Mrkdwn      bool    `json:"mrkdwn"`
	Parse       string  `json:"parse"`
	LinkNames   bool    `json:"link_names"`
	UnfurlLinks bool    `json:"unfurl_links"`
	UnfurlMedia bool    `json:"unfurl_media"`
}

// View is a modal, as views.open is given it.
type View struct {
	Type            string  `json:"type"`
	CallbackID      string  `json:"callback_id"`
	Title           *Text   `json:"title"`
	Submit          *Text   `json:"submit"`
	Close           *Text   `json:"close"`
	PrivateMetadata string  `json:"private_metadata"`
	Blocks          []Block `json:"blocks"`
}

// Block is one of Slack's blocks: header, section, context, actions or input. The type says which fields it has.
type Block struct {
	Type    string `json:"type"`
	BlockID string `json:"block_id,omitempty"`
	Text    *Text  `json:"text,omitempty"`
	// Elements are each an Element in actions, and a *Text in a context.
	Elements []any `json:"elements,omitempty"`
	// Label, Hint, Element and Optional are those of an input.
	Label    *Text    `json:"label,omitempty"`
	Hint     *Text    `json:"hint,omitempty"`
	Element  *Element `json:"element,omitempty"`
	Optional bool     `json:"optional,omitempty"`
}

// Text is one of Slack's text objects: plain_text or mrkdwn.
type Text struct {
	Type string `json:"type"`
	Text string `json:"text"`
	// Emoji is set of plain_text only, and false: :NAME: stays what it is.
	Emoji *bool `json:"emoji,omitempty"`
	// Verbatim is set of mrkdwn only, and true: nothing in it becomes a link or a mention by itself.
	Verbatim bool `json:"verbatim,omitempty"`
}

// Element is a button, or what an input is filled in by.
type Element struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id,omitempty"`
	// Text, Value and Style are those of a button.
	Text  *Text  `json:"text,omitempty"`
	Value string `json:"value,omitempty"`
	Style Style  `json:"style,omitempty"`
	// The fields below are those of the elements of inputs.
	Multiline        bool     `json:"multiline,omitempty"`
	MaxLength        int      `json:"max_length,omitempty"`
	InitialValue     string   `json:"initial_value,omitempty"`
	IsDecimalAllowed *bool    `json:"is_decimal_allowed,omitempty"`
	MinValue         string   `json:"min_value,omitempty"`
	MaxValue         string   `json:"max_value,omitempty"`
	Options          []Option `json:"options,omitempty"`
	InitialOption    *Option  `json:"initial_option,omitempty"`
}

// Option is a choice of a static_select.
type Option struct {
	Text  *Text  `json:"text"`
	Value string `json:"value"`
}

// Slack's limits, in characters where they are about texts.
const (
	maxBlocks        = 50
	maxViewBlocks    = 100
	maxText          = 3000
	maxFallback      = 4000
	maxHeader        = 150
	maxActions       = 25
	maxContext       = 10
	maxButtonText    = 75
	maxButtonValue   = 2000
	maxBlockID       = 255
	maxViewTitle     = 24
	maxMetadata      = 3000
	maxLabel         = 2000
	maxOptions       = 100
	maxOptionText    = 75
	maxInitialValue  = 3000
	maxInitialNumber = 300
	// maxTotal is what the blocks of one message take as JSON. Slack does not say where it answers msg_blocks_too_long:
	// people have met it from some 13,000 characters on, the containers counted.
	maxTotal = 12000
)

// no is a false that is written.
var no = new(bool)

func plainText(text string) *Text { return &Text{Type: "plain_text", Text: text, Emoji: no} }

func mrkdwn(text string) *Text { return &Text{Type: "mrkdwn", Text: text, Verbatim: true} }

// short is a text within so many characters; Slack wants one of at least one.
func short(text string, most int) *Text {
	text, _ = cut(slackPlain.letters(text, false), most)
	return plainText(cmp.Or(text, " "))
}
