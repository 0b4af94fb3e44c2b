package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/ledger"
	messages "github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/request"
)

// book is a ledger that takes everything once.
type book struct {
	activities.Ledger
	mu   sync.Mutex
	keys map[string]string
}

func (b *book) AppendFirst(_ context.Context, d ledger.Draft) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	said, ok := b.keys[d.Key]
	if ok && said != d.Data {
		return false, errors.New(d.Key + " is another entry")
	}
	b.keys[d.Key] = d.Data
	return !ok, nil
}

type attemptKey struct{}

// told is a workspace with a messenger, whose settle time is that of the tests.
func told(t *testing.T, o slackfake.Options, timeout time.Duration) (*slackfake.Server, activities.ChatMessenger, *book) {
	t.Helper()
	fake, c := workspace(t, o, timeout)
	b := &book{keys: map[string]string{}}
	vienna, err := time.LoadLocation("Europe/Vienna")
	require.NoError(t, err)
	return fake, activities.ChatMessenger{
		Ledger: activities.LedgerMessenger{Ledger: b}, Once: activities.ChatOnce{Chat: c, Settle: settling}, Zone: vienna,
		Channel: func(_ string, groups []string) string { return groups[0] },
		Attempt: func(ctx context.Context) activities.ChatAttempt {
			a, _ := ctx.Value(attemptKey{}).(activities.ChatAttempt)
			return a
		},
	}, b
}

// life is a request with all that happens to it. Some are too long for one message.
type life struct {
	request request.Request
	chat    activities.ChatThread
	number  int
}

func newLife(t *testing.T, i int, channel string) *life {
	t.Helper()
	r, _ := request.Open(request.Request{
		ID: fmt.Sprintf("runbook/gpu1/shop/restart/%d:ask.1@01234567", i), Kind: request.Approval, Step: "ask", Groups: []string{channel}, Min: 2, LimitSeconds: 3600,
		Message: strings.Repeat("May it be restarted? <!channel>\n", 1+i%10*60), Choices: request.Approval.Choices(), EscalateTo: []string{channel},
	}, time.Now())
	return &life{request: r}
}

func (l *life) says(about, by, decision string) activities.Notice {
	l.number++
	r := l.request
	if by != "" && decision == request.Approve {
		r.Answers = append(r.Answers, by)
	}
	r.Escalated = r.Escalated || about == "escalated"
	l.request = r
	l.chat.Update = true
	chat := l.chat
	return activities.Notice{WorkflowID: "w" + r.ID, RunID: "r", Number: l.number, At: time.Now(), Subject: "s", Chat: &chat, Notification: request.Notification{
		Step: r.Step, Groups: r.Groups, Message: r.Message, About: about, Request: r.ID, Asked: &r, By: by, Decision: decision, Host: "gpu1",
	}}
}

// sends tries one notice again and again, as a workflow does.
func (l *life) sends(t *testing.T, m activities.ChatMessenger, n activities.Notice) activities.Told {
	first := time.Now()
	for attempt := 1; ; attempt++ {
		ctx := context.WithValue(t.Context(), attemptKey{}, activities.ChatAttempt{Number: attempt, First: first})
		told, err := m.Send(ctx, n)
		if err == nil {
			if told.Parent.TS != "" {
				l.chat.Parent = told.Parent
			}
			l.chat.Doubtful = append(l.chat.Doubtful, told.Doubtful...)
			return told
		}
		if activities.Final(err) || attempt == 200 {
			t.Errorf("%s of %s, attempt %d: %v", n.About, n.Request, attempt, err)
			return told
		}
		wait := 10 * time.Millisecond
		if e, ok := errors.AsType[*activities.Error](err); ok && e.RetryAfter > 0 {
			wait = e.RetryAfter
		}
		time.Sleep(wait)
	}
}

// 200 requests through their life, with half of all posts hit by a fault: each message is there once, none is missing,
// and none that is closed has a button.
func TestRequestsAreToldOnce(t *testing.T) {
	const requests, channels = 200, 50
	seed := rand.Uint64()
	w := slackfake.Demo()
	w.Channels = nil
	for i := range channels {
		w.Channels = append(w.Channels, slackfake.Channel{ID: fmt.Sprintf("C%05d", i)})
	}
	fake, m, b := told(t, slackfake.Options{Workspace: w, Seed: seed}, impatience)
	faults := hurt()
	for _, kind := range []slackfake.FaultKind{slackfake.DropBefore, slackfake.DropAfter, slackfake.LostReply} {
		faults = append(faults, slackfake.Fault{Method: "chat.update", Kind: kind, Probability: 0.1}, slackfake.Fault{Method: "conversations.replies", Kind: kind, Probability: 0.03})
	}
	fake.Fail(faults...)
	lives := make([]*life, requests)
	var group sync.WaitGroup
	for channel := range channels {
		group.Go(func() {
			for i := channel; i < requests; i += channels {
				l := newLife(t, i, fmt.Sprintf("C%05d", channel))
				lives[i] = l
				for _, n := range []func() activities.Notice{
					func() activities.Notice { return l.says("opened", "", "") },
					func() activities.Notice { return l.says("reminded", "", "") },
					func() activities.Notice { return l.says("escalated", "", "") },
					func() activities.Notice { return l.says("approved", "anna", request.Approve) },
					func() activities.Notice {
						switch i % 3 {
						case 0:
							return l.says("approved", "bob", request.Approve)
						case 1:
							return l.says("rejected", "bob", request.Reject)
						}
						return l.says("expired", "", "")
					},
				} {
					l.sends(t, m, n())
				}
			}
		})
	}
	group.Wait()
	time.Sleep(settling)
	require.NoError(t, fake.Idle(t.Context()))

	hit, posts := 0, 0
	for _, call := range fake.Calls("chat.postMessage") {
		if posts++; call.Fault != "" {
			hit++
		}
	}
	there := map[string]slackfake.Message{}
	duplicates := 0
	for i := range channels {
		for _, said := range fake.Messages(fmt.Sprintf("C%05d", i)) {
			var metadata struct {
				Payload struct{ Key string } `json:"event_payload"`
			}
			require.NoError(t, json.Unmarshal(said.Metadata, &metadata))
			if _, ok := there[metadata.Payload.Key]; ok {
				duplicates++
			}
			there[metadata.Payload.Key] = said
		}
	}
	t.Logf("seed %d: %d posts of %d messages, %d faults in posting them, %d duplicates", seed, posts, len(there), hit, duplicates)
	require.Zero(t, duplicates)
	require.Greater(t, hit, posts/4)
	expected := 0
	for i, l := range lives {
		keys := []string{"m", "n2.1", "n3.1", "n4.1"}
		for part := range messages.Asked(messages.Ask{Where: messages.Where{Host: "gpu1"}, Request: l.request}).Slack()[1:] {
			keys = append(keys, fmt.Sprintf("p.%d", part+1))
		}
		for _, key := range keys {
			said, ok := there[l.request.ID+" 0 "+key]
			require.True(t, ok, "%s of %d is missing", key, i)
			require.NotContains(t, string(said.Blocks), `"actions"`, "what is closed has no buttons")
			require.Equal(t, key != "m", said.Thread == l.chat.Parent.TS)
		}
		expected += len(keys)
		require.Contains(t, there[l.request.ID+" 0 m"].Text, []string{"Granted", "Rejected", "Nobody answered in time"}[i%3])
	}
	require.Len(t, there, expected, "nothing else is said")
	require.Len(t, b.keys, requests*3+requests/3, "opened, reminded, escalated and expired are entries of the ledger")
}

func TestMessenger(t *testing.T) {
	fake, m, b := told(t, slackfake.Options{}, soon)
	l := newLife(t, 0, "C0OPS")
	at := l.sends(t, m, l.says("opened", "", "")).Parent
	said := fake.Messages("C0OPS")
	require.Len(t, said, 1)
	require.Equal(t, at.TS, said[0].TS)
	require.Contains(t, said[0].Text, "Approval needed: ask on gpu1")
	require.Contains(t, string(said[0].Blocks), l.request.Shown+" approve")
	require.Regexp(t, `until: .* CES?T`, said[0].Text, "times are those of the configuration's zone")
	require.NotContains(t, said[0].Text, "<!channel>")

	n := l.says("approved", "anna", request.Approve)
	n.Claimed, n.Chat.Update = true, false
	l.sends(t, m, n)
	require.Contains(t, fake.Messages("C0OPS")[1].Text, "by: anna (claimed, nobody vouches for it)")
	require.Contains(t, fake.Messages("C0OPS")[0].Text, "answered: 0 of 2", "a newer notice brings it up to date")

	// Somebody deletes it.
	require.NoError(t, m.Once.Chat.Delete(t.Context(), at))
	require.Equal(t, activities.Told{Gone: true}, l.sends(t, m, l.says("reminded", "", "")))
	l.chat = activities.ChatThread{Generation: 1}
	again := l.sends(t, m, l.says("reminded", "", "")).Parent
	require.NotEqual(t, at, again)
	require.Len(t, fake.Messages("C0OPS"), 3, "the reply to the deleted one, the new one, and its reply")

	// A notice that may be posted already is looked for, whoever posts it, and shows how things stand now.
	l.chat = activities.ChatThread{Generation: 1, Tried: true}
	require.Equal(t, again, l.sends(t, m, l.says("escalated", "", "")).Parent)
	require.Contains(t, string(fake.Messages("C0OPS")[1].Blocks), `"actions"`)
	l.chat = activities.ChatThread{Generation: 1, Tried: true}
	require.Equal(t, again, l.sends(t, m, l.says("rejected", "bob", request.Reject)).Parent)
	require.NotContains(t, string(fake.Messages("C0OPS")[1].Blocks), `"actions"`, "it is closed")

	// What is about no request is one message, also where another notice says the same.
	for number := range 2 {
		step := activities.Notice{WorkflowID: strings.Repeat("w", 600), RunID: "r", Number: number, Chat: &activities.ChatThread{}, Notification: request.Notification{
			Runbook: "restart", Step: "tell", About: "notify", Message: "it is back", Groups: []string{"C0APPROVALS"},
		}}
		l.sends(t, m, step)
	}
	require.Len(t, fake.Messages("C0APPROVALS"), 2)
	require.Contains(t, fake.Messages("C0APPROVALS")[0].Text, "it is back")

	// Without a chat only the ledger is told.
	n = l.says("opened", "", "")
	n.Chat = nil
	entries := len(b.keys)
	require.Empty(t, l.sends(t, m, n))
	require.Len(t, b.keys, entries+1)
	_, err := m.Ledger.Send(t.Context(), l.says("opened", "", ""))
	require.Equal(t, activities.Unavailable, activities.ClassOf(err), "another worker may have a chat")
}

func TestMessengerRefuses(t *testing.T) {
	fake, m, _ := told(t, slackfake.Options{}, soon)
	l := newLife(t, 0, "C0OPS")
	n := l.says("opened", "", "")
	forged := *n.Asked
	forged.Message = "May the lights be switched on?"
	n.Asked = &forged
	_, err := m.Send(t.Context(), n)
	require.Equal(t, activities.InvalidInput, activities.ClassOf(err), "nobody is shown something else than what a press answers")
	require.Empty(t, fake.Messages("C0OPS"))

	l = newLife(t, 1, "C0NOWHERE")
	_, err = m.Send(t.Context(), l.says("opened", "", ""))
	require.Equal(t, activities.NotFound, activities.ClassOf(err), "a channel that there is not is no deleted message")
	fake.Fail(slackfake.Fault{Kind: slackfake.RateLimited, Probability: 1, RetryAfter: 7 * time.Second})
	l = newLife(t, 2, "C0OPS")
	_, err = m.Send(t.Context(), l.says("opened", "", ""))
	e, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok)
	require.Equal(t, activities.RateLimited, e.Class)
	require.Equal(t, 7*time.Second, e.RetryAfter)
}
