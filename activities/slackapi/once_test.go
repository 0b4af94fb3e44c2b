package slackapi

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

const (
	impatience = 200 * time.Millisecond // how long a client of the soak waits
	settling   = 200 * time.Millisecond
	workers    = 64
)

// hurt lets half of the posts fail, in every way there is, and a tenth of what else is called.
func hurt() []slackfake.Fault {
	kinds := []slackfake.FaultKind{
		slackfake.RateLimited, slackfake.DropBefore, slackfake.DropAfter, slackfake.BadGateway, slackfake.GatewayLost,
		slackfake.Unavailable, slackfake.LostReply, slackfake.SlowReply, slackfake.ErrorAfter, slackfake.LateLanding,
	}
	var faults []slackfake.Fault
	for method, part := range map[string]float64{"chat.postMessage": 0.5, "conversations.history": 0.1, "chat.delete": 0.1, "auth.test": 0.1} {
		share, left := part/float64(len(kinds)), 1.0
		for _, kind := range kinds {
			f := slackfake.Fault{Method: method, Kind: kind, Probability: share / left, RetryAfter: time.Second, Delay: 50 * time.Millisecond}
			if kind == slackfake.SlowReply {
				f.Delay = 2 * impatience
			}
			faults = append(faults, f)
			left -= share // one is drawn only when none before it was
		}
	}
	return faults
}

// outcome counts what a way of posting left behind.
type outcome struct {
	posts, faults, killed, removed, duplicates, missing, wrong int
}

func (o outcome) String() string {
	return fmt.Sprintf("%d posts, %d faults in posting them, %d workers killed: %d twins removed, %d duplicates, %d missing",
		o.posts, o.faults, o.killed, o.removed, o.duplicates, o.missing)
}

// soak posts that many messages, some at the same time, as a workflow would: again and again after what an error says.
func soak(t *testing.T, number int, seed uint64, post func(context.Context, *Client, activities.ChatAttempt, activities.ChatMessage) (activities.ChatRef, error),
	end func(context.Context, *Client, activities.ChatMessage, time.Time) error,
) outcome {
	t.Helper()
	w := slackfake.Demo()
	w.Channels = nil
	for i := range workers { // in one channel, a look-up would read all that the others post
		w.Channels = append(w.Channels, slackfake.Channel{ID: fmt.Sprintf("C%05d", i)})
	}
	fake, c := workspace(t, slackfake.Options{Workspace: w, Seed: seed}, impatience)
	fake.Fail(hurt()...)
	start := time.Now()
	refs := make([]activities.ChatRef, number)
	message := func(i int) activities.ChatMessage {
		return activities.ChatMessage{Key: fmt.Sprintf("message %d", i), Text: fmt.Sprint("Number ", i)}
	}
	var group sync.WaitGroup
	var killed atomic.Int32
	for worker := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(worker)))
			for i := worker; i < number; i += workers {
				first := time.Now()
				for attempt := 1; ; attempt++ {
					ctx, die := context.WithCancel(t.Context())
					dies := random.IntN(20) == 0
					if dies { // what it would have said is never heard
						time.AfterFunc(time.Duration(random.IntN(5))*time.Millisecond, die)
					}
					at, err := post(ctx, c, activities.ChatAttempt{Number: attempt, First: first}, message(i))
					die()
					if dies {
						killed.Add(1)
						time.Sleep(settling)
						continue
					}
					if err == nil {
						refs[i] = at
						break
					}
					if activities.Final(err) || attempt == 100 {
						t.Errorf("message %d, attempt %d: %v", i, attempt, err)
						break
					}
					wait := 10 * time.Millisecond
					if e, ok := errors.AsType[*activities.Error](err); ok && e.RetryAfter > 0 {
						wait = e.RetryAfter
					}
					time.Sleep(wait)
				}
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	time.Sleep(settling)
	require.NoError(t, fake.Idle(ctx))
	calls := fake.Calls("chat.postMessage")
	fake.Fail()
	result := outcome{posts: number, killed: int(killed.Load())}
	for _, call := range calls {
		if call.Fault != "" {
			result.faults++
		}
	}
	patient := New(Options{Token: slackfake.BotToken, URL: c.url, Timeout: 30 * time.Second})
	for i := range number {
		require.NoError(t, end(ctx, patient, message(i), start))
	}
	for _, call := range fake.Calls("chat.delete") {
		if call.Answer == "ok" {
			result.removed++
		}
	}
	live := map[string][]string{}
	for i := range workers {
		for _, m := range fake.Messages(fmt.Sprintf("C%05d", i)) {
			live[m.Text] = append(live[m.Text], m.TS)
		}
	}
	for i, at := range refs {
		switch there := live[message(i).Text]; {
		case len(there) == 0:
			result.missing++
		case len(there) > 1:
			result.duplicates += len(there) - 1
		case there[0] != at.TS:
			result.wrong++
		}
	}
	return result
}

func place(m activities.ChatMessage) activities.ChatPlace {
	var i int
	fmt.Sscanf(m.Key, "message %d", &i)
	return activities.ChatPlace{Channel: fmt.Sprintf("C%05d", i%workers)}
}

// once posts with that settle time, and closes with a look for twins.
func once(t *testing.T, number int, seed uint64, settle time.Duration) outcome {
	t.Helper()
	return soak(t, number, seed, func(ctx context.Context, c *Client, a activities.ChatAttempt, m activities.ChatMessage) (activities.ChatRef, error) {
		return activities.ChatOnce{Chat: c, Settle: settle}.Post(ctx, a, place(m), m)
	}, func(ctx context.Context, c *Client, m activities.ChatMessage, start time.Time) error {
		_, _, err := activities.ChatOnce{Chat: c}.Reconcile(ctx, place(m), m.Key, start)
		return err
	})
}

// Whatever fails: each message is there once, where the run was told, even if requests land later than they should.
// Trying again alone leaves many twice.
func TestPostedOnceWhateverFails(t *testing.T) {
	number := 300
	if os.Getenv("EVENKEEL_SOAK") != "" {
		number = 10_000
	}
	seed := rand.Uint64()
	settled := once(t, number, seed, settling)
	hasty := once(t, 300, seed, time.Millisecond)
	naive := soak(t, number, seed, func(ctx context.Context, c *Client, _ activities.ChatAttempt, m activities.ChatMessage) (activities.ChatRef, error) {
		return c.Post(ctx, place(m), m)
	}, func(context.Context, *Client, activities.ChatMessage, time.Time) error { return nil })
	t.Logf("seed %d\nsettled: %v\nsettled too briefly: %v\ntrying again: %v", seed, settled, hasty, naive)
	for _, o := range []outcome{settled, hasty} {
		require.Zero(t, o.duplicates)
		require.Zero(t, o.missing)
		require.Zero(t, o.wrong, "a run knows where its message is")
		require.Greater(t, o.faults, o.posts/4)
	}
	require.Positive(t, hasty.removed)
	require.Greater(t, naive.duplicates, naive.posts/10)
	require.Zero(t, naive.missing)
}
