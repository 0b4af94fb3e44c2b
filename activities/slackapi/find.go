package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	// clockError is how wrong the clock of a host may be: beyond that it would refuse every signature of Slack's.
	clockError = 5 * time.Minute
	// maxPages is how many pages are searched: with pages of 100, as many messages as people write in hours.
	maxPages = 40
)

// pageSizes are how many messages are asked for at once: fewer when so many do not fit into an answer.
var pageSizes = []int{100, 10, 1}

// found is what a look-up needs of a message. Metadata of others may have any form.
type found struct {
	TS       string          `json:"ts"`
	BotID    string          `json:"bot_id"`
	Metadata json.RawMessage `json:"metadata"`
}

// Find searches the channel, or the thread, from 5 minutes before since. It reads up to 40 pages; with more messages
// than that the error is Unavailable.
func (c *Client) Find(ctx context.Context, in activities.ChatPlace, key string, since time.Time) ([]activities.ChatRef, error) {
	bot, err := c.bot(ctx)
	if err != nil {
		return nil, err
	}
	method, form := "conversations.history", url.Values{
		"channel": {in.Channel}, "oldest": {timestamp(since.Add(-clockError))}, "include_all_metadata": {"true"},
	}
	if in.Thread != "" {
		method = "conversations.replies"
		form.Set("ts", in.Thread)
	}
	var at []activities.ChatRef
	size := 0
	for range maxPages {
		form.Set("limit", strconv.Itoa(pageSizes[size]))
		var page struct {
			Messages []found `json:"messages"`
			HasMore  bool    `json:"has_more"`
			Next     struct {
				Cursor string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		err := c.ask(ctx, method, form, &page)
		if errors.Is(err, errTooLarge) && size < len(pageSizes)-1 {
			size++ // a cursor holds for any size of page
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, m := range page.Messages {
			if m.BotID == bot && m.TS != "" && keyOf(m.Metadata) == key {
				at = append(at, activities.ChatRef{Channel: in.Channel, TS: m.TS})
			}
		}
		if page.Next.Cursor == "" {
			if page.HasMore {
				return nil, failed(method, errForm)
			}
			slices.SortFunc(at, func(a, b activities.ChatRef) int { return strings.Compare(a.TS, b.TS) })
			return slices.Compact(at), nil
		}
		form.Set("cursor", page.Next.Cursor)
	}
	return nil, activities.Fail(activities.Unavailable, fmt.Errorf("%s: more was said since %s than is searched", method, since.UTC().Format(time.RFC3339)))
}

// keyOf is the key in metadata of ours; empty in that of others.
func keyOf(metadata json.RawMessage) string {
	var m struct {
		Type    string `json:"event_type"`
		Payload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(metadata, &m) != nil || m.Type != eventType {
		return ""
	}
	return m.Payload.Key
}

// timestamp is a time as Slack writes it.
func timestamp(at time.Time) string {
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}
