package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// channel is a Chat whose calls end as a test says.
type channel struct {
	Chat
	posts, deletes []error // what the next calls return; then nil
	finds          [][]string
	findErr        error
	did            []string
}

func next[T any](list *[]T) (one T) {
	if len(*list) > 0 {
		one, *list = (*list)[0], (*list)[1:]
	}
	return one
}

func (c *channel) Post(_ context.Context, to ChatPlace, _ ChatMessage) (ChatRef, error) {
	c.did = append(c.did, "post")
	if err := next(&c.posts); err != nil {
		return ChatRef{}, err
	}
	return ChatRef{Channel: to.Channel, TS: "5.000000"}, nil
}

func (c *channel) Find(_ context.Context, in ChatPlace, key string, _ time.Time) (refs []ChatRef, err error) {
	c.did = append(c.did, "find "+key)
	for _, ts := range next(&c.finds) {
		refs = append(refs, ChatRef{Channel: in.Channel, TS: ts})
	}
	return refs, c.findErr
}

func (c *channel) Delete(_ context.Context, at ChatRef) error {
	c.did = append(c.did, "delete "+at.TS)
	return next(&c.deletes)
}

func TestPostOnce(t *testing.T) {
	away := Fail(Unavailable, errors.New("away"))
	limited := &Error{Class: RateLimited, RetryAfter: 7 * time.Second, Err: errors.New("slower")}
	gone := Fail(NotFound, errors.New("no such message"))
	cases := map[string]struct {
		attempt int
		channel channel
		settle  time.Duration
		did     []string
		ts      string
		class   string
		after   time.Duration
	}{
		"the first attempt looks nowhere":     {attempt: 1, did: []string{"post"}, ts: "5.000000"},
		"what may have landed has to settle":  {attempt: 1, channel: channel{posts: []error{away}}, did: []string{"post"}, class: Unavailable, after: ChatSettle},
		"an error without a class, too":       {attempt: 1, channel: channel{posts: []error{errors.New("odd")}}, did: []string{"post"}, class: Unavailable, after: ChatSettle},
		"as long as is said":                  {attempt: 1, settle: time.Second, channel: channel{posts: []error{away}}, did: []string{"post"}, class: Unavailable, after: time.Second},
		"what was not sent need not":          {attempt: 1, channel: channel{posts: []error{NotSent(away)}}, did: []string{"post"}, class: Unavailable},
		"a limit says itself how long":        {attempt: 1, channel: channel{posts: []error{limited}}, did: []string{"post"}, class: RateLimited, after: 7 * time.Second},
		"a refusal stays one":                 {attempt: 1, channel: channel{posts: []error{gone}}, did: []string{"post"}, class: NotFound},
		"the second one finds it":             {attempt: 2, channel: channel{finds: [][]string{{"1.000000"}}}, did: []string{"find k"}, ts: "1.000000"},
		"and removes twins":                   {attempt: 3, channel: channel{finds: [][]string{{"1.000000", "2.000000", "3.000000"}}}, did: []string{"find k", "delete 2.000000", "delete 3.000000"}, ts: "1.000000"},
		"which somebody else may have":        {attempt: 3, channel: channel{finds: [][]string{{"1.000000", "2.000000"}}, deletes: []error{gone}}, did: []string{"find k", "delete 2.000000"}, ts: "1.000000"},
		"or cannot":                           {attempt: 3, channel: channel{finds: [][]string{{"1.000000", "2.000000"}}, deletes: []error{away}}, did: []string{"find k", "delete 2.000000"}, class: Unavailable},
		"it posts what is not there":          {attempt: 2, channel: channel{finds: [][]string{nil, {"5.000000"}}}, did: []string{"find k", "post", "find k"}, ts: "5.000000"},
		"and is not seen at once":             {attempt: 2, did: []string{"find k", "post", "find k"}, ts: "5.000000"},
		"what landed meanwhile stays instead": {attempt: 2, channel: channel{finds: [][]string{nil, {"4.000000", "5.000000"}}}, did: []string{"find k", "post", "find k", "delete 5.000000"}, ts: "4.000000"},
		"nothing is posted unseen":            {attempt: 2, channel: channel{findErr: away}, did: []string{"find k"}, class: Unavailable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			once := ChatOnce{Chat: &c.channel, Settle: c.settle}
			at, err := once.Post(t.Context(), ChatAttempt{Number: c.attempt}, ChatPlace{Channel: "C1"}, ChatMessage{Key: "k"})
			require.Equal(t, c.did, c.channel.did)
			require.Equal(t, c.ts, at.TS)
			require.Equal(t, c.class, ClassOf(err))
			if e, ok := errors.AsType[*Error](err); ok {
				require.Equal(t, c.after, e.RetryAfter)
			}
		})
	}
}

// Nothing is posted that the next attempt, after the end of this one, could meet while it lands.
func TestPostOnceInTime(t *testing.T) {
	for left, posts := range map[time.Duration]int{ChatSettle - time.Second: 0, 10 * ChatSettle: 1} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		c := &channel{}
		_, err := ChatOnce{Chat: c}.Post(ctx, ChatAttempt{Number: 1}, ChatPlace{Channel: "C1"}, ChatMessage{Key: "k"})
		require.Len(t, c.did, posts)
		require.Equal(t, posts == 0, errors.Is(err, ErrNotSent))
		require.Equal(t, posts == 0, ClassOf(err) == Unavailable)
	}
}

func TestPostOnceNeedsAKey(t *testing.T) {
	_, err := ChatOnce{Chat: &channel{}}.Post(t.Context(), ChatAttempt{Number: 1}, ChatPlace{}, ChatMessage{Text: "x"})
	require.Equal(t, InvalidInput, ClassOf(err))
}
