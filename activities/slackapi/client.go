package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/slack-go/slack"

	"github.com/evenkeel/evenkeel/activities"
)

// eventType is the type of the metadata of our messages.
const eventType = "evenkeel"

// keySpace is the name space of the client_msg_id that belongs to a key. It must never change.
var keySpace = uuid.MustParse("6d0a8a5c-2f0e-5d43-9a39-4a1f6c1b8e77")

// Options are how a workspace is reached.
type Options struct {
	// Token is a bot's, "xoxb-…".
	Token string
	// URL is where the Web API is, with a slash at its end; empty is Slack's own.
	URL string
	// Timeout is how long a call may take; 0 is 8 seconds.
	Timeout time.Duration
}

// Client calls the Web API of one workspace. It implements activities.Chat, and may be used by several at once.
type Client struct {
	api   *slack.Client
	http  *caller
	token string
	url   string

	mu   sync.Mutex
	self activities.ChatSelf
}

// New returns a client. It calls nobody yet.
func New(o Options) *Client {
	if o.URL == "" {
		o.URL = slack.APIURL
	}
	if o.Timeout == 0 {
		o.Timeout = 8 * time.Second
	}
	calls := newCaller(o.Timeout)
	return &Client{
		api:  slack.New(o.Token, slack.OptionAPIURL(o.URL), slack.OptionHTTPClient(calls)),
		http: calls, token: o.Token, url: o.URL,
	}
}

// Post posts a message with its key as metadata, and with a client_msg_id that follows from the key. Slack may or may
// not refuse a second message with that id: that is not documented, and nothing here counts on it.
func (c *Client) Post(ctx context.Context, to activities.ChatPlace, m activities.ChatMessage) (activities.ChatRef, error) {
	options, err := message(m)
	if err != nil {
		return activities.ChatRef{}, err
	}
	if to.Thread != "" {
		options = append(options, slack.MsgOptionTS(to.Thread))
	}
	if m.Key != "" {
		// slack-go has no option for it; this one lets the form be added to.
		options = append(options, slack.UnsafeMsgOptionEndpoint(c.url+"chat.postMessage", func(form url.Values) {
			form.Set("client_msg_id", uuid.NewSHA1(keySpace, []byte(m.Key)).String())
		}))
	}
	channel, ts, err := c.api.PostMessageContext(ctx, to.Channel, options...)
	if err == nil && (channel == "" || ts == "") {
		err = errForm
	}
	if err != nil {
		return activities.ChatRef{}, failed("chat.postMessage", err)
	}
	return activities.ChatRef{Channel: channel, TS: ts}, nil
}

// Update puts m in the place of a message.
func (c *Client) Update(ctx context.Context, at activities.ChatRef, m activities.ChatMessage) error {
	options, err := message(m)
	if err != nil {
		return err
	}
	if len(m.Blocks) == 0 {
		options = append(options, slack.MsgOptionBlocks()) // left out, the old ones would stay
	}
	_, ts, _, err := c.api.UpdateMessageContext(ctx, at.Channel, at.TS, options...)
	if err == nil && ts == "" {
		err = errForm
	}
	return failed("chat.update", err)
}

// PostEphemeral shows m to one user.
func (c *Client) PostEphemeral(ctx context.Context, to activities.ChatPlace, user string, m activities.ChatMessage) error {
	m.Key = ""
	options, err := message(m)
	if err != nil {
		return err
	}
	if to.Thread != "" {
		options = append(options, slack.MsgOptionTS(to.Thread))
	}
	ts, err := c.api.PostEphemeralContext(ctx, to.Channel, user, options...)
	if err == nil && ts == "" {
		err = errForm
	}
	return failed("chat.postEphemeral", err)
}

// Delete removes one of our own messages.
func (c *Client) Delete(ctx context.Context, at activities.ChatRef) error {
	_, ts, err := c.api.DeleteMessageContext(ctx, at.Channel, at.TS)
	if err == nil && ts == "" {
		err = errForm
	}
	return failed("chat.delete", err)
}

// OpenModal shows a form.
func (c *Client) OpenModal(ctx context.Context, trigger string, m activities.ChatModal) error {
	set, err := blocks(m.Blocks)
	if err != nil {
		return err
	}
	if trigger == "" {
		return activities.Fail(activities.InvalidInput, errors.New("views.open: a form needs the trigger of a press"))
	}
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(m.Title), Submit: plain(m.Submit), Close: plain(m.Close),
		CallbackID: m.CallbackID, PrivateMetadata: m.State, Blocks: slack.Blocks{BlockSet: set},
	}
	opened, err := c.api.OpenViewContext(ctx, trigger, view)
	if err == nil && opened.ID == "" {
		err = errForm
	}
	return failed("views.open", err)
}

// Members returns the ids of the users of a group. Every time it asks whether the group is still enabled: the list of
// users alone does not say.
func (c *Client) Members(ctx context.Context, group string) ([]string, error) {
	groups, err := c.api.GetUserGroupsContext(ctx)
	if err != nil {
		return nil, failed("usergroups.list", err)
	}
	for _, g := range groups {
		if group == "" || g.ID != group && g.Handle != group || g.DateDelete != 0 {
			continue
		}
		users, err := c.api.GetUserGroupMembersContext(ctx, g.ID)
		return users, failed("usergroups.users.list", err)
	}
	return nil, activities.Fail(activities.NotFound, fmt.Errorf("usergroups.list: no enabled user group %q", group))
}

// Self says who the token makes us.
func (c *Client) Self(ctx context.Context) (activities.ChatSelf, error) {
	said, err := c.api.AuthTestContext(ctx)
	if err == nil && (said.TeamID == "" || said.UserID == "") {
		err = errForm
	}
	if err != nil {
		return activities.ChatSelf{}, failed("auth.test", err)
	}
	self := activities.ChatSelf{TeamID: said.TeamID, UserID: said.UserID, BotID: said.BotID}
	for scope := range strings.SplitSeq(said.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			self.Scopes = append(self.Scopes, scope)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = self
	return self, nil
}

// bot returns our bot's id, which a token never changes, and asks for it once.
func (c *Client) bot(ctx context.Context) (string, error) {
	c.mu.Lock()
	id := c.self.BotID
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	self, err := c.Self(ctx)
	if err == nil && self.BotID == "" {
		err = activities.Fail(activities.PermissionDenied, errors.New("auth.test: the token is no bot's"))
	}
	return self.BotID, err
}

// message makes slack-go's options of m.
func message(m activities.ChatMessage) ([]slack.MsgOption, error) {
	set, err := blocks(m.Blocks)
	if err != nil {
		return nil, err
	}
	if len(m.Key) > activities.MaxChatKey {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("the key of a message has at most %d bytes", activities.MaxChatKey))
	}
	// A link in a message of ours must not fetch a page into the channel.
	// Its text is as it is written: no name in it is a mention.
	options := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false), slack.MsgOptionDisableMarkdown(),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if len(set) > 0 {
		options = append(options, slack.MsgOptionBlocks(set...))
	}
	if m.Key != "" {
		options = append(options, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": m.Key}}))
	}
	return options, nil
}

// blocks reads an array of blocks, which go to Slack as they are.
func blocks(array json.RawMessage) ([]slack.Block, error) {
	if len(array) == 0 {
		return nil, nil
	}
	var each []json.RawMessage
	if json.Unmarshal(array, &each) != nil {
		return nil, activities.Fail(activities.InvalidInput, errors.New("the blocks are no JSON array"))
	}
	var set []slack.Block
	for i, one := range each {
		var object map[string]json.RawMessage
		block, err := slack.BlockFromJSON(string(one))
		if err != nil || json.Unmarshal(one, &object) != nil {
			return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("block %d is no JSON object with a type", i+1))
		}
		set = append(set, block)
	}
	return set, nil
}

func plain(text string) *slack.TextBlockObject {
	if text == "" {
		return nil
	}
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}
