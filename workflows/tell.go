package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// ToldSignal is the Signal with one more activities.Notice about the request of a Tell.
const ToldSignal = "told"

const (
	// tellTotal is how long one notice is tried for: a chat may be away for a day.
	tellTotal = 24 * time.Hour
	// tellAfter is how long after the deadline of its request a Tell ends, whatever it has heard.
	tellAfter = 25 * time.Hour
	// updateEvery is the least time between two updates of one message.
	updateEvery = 2 * time.Second
)

// tellID is the id of what tells people of a notice: of one request there is one, whatever becomes of the run.
func tellID(n activities.Notice, run string) string {
	if n.Request != "" {
		return "tell/" + n.Request
	}
	return fmt.Sprintf("tell/%s/%s/%d", n.WorkflowID, run, n.Number)
}

// TellResult is what became of what people were to be told.
type TellResult struct {
	Notices []ToldNotice `json:"notices"`
	// Message is where they were told of it; empty where they were not.
	Message activities.ChatRef `json:"message,omitzero"`
}

// ToldNotice is one notice and what became of it.
type ToldNotice struct {
	About string `json:"about"`
	// At is when it happened, Told when people were told; zero while they are not.
	At   time.Time `json:"at"`
	Told time.Time `json:"told,omitzero"`
	// Untold is why they never were.
	Untold string `json:"untold,omitempty"`
}

// Tell tells people in a chat of one request, from its opening to its end, or of one thing that a step has to say. It
// goes on when the run has ended, so that they are told when a chat is back that was away: each notice is tried for 24
// hours, and all of it ends 25 hours after the deadline of the request at the latest. It fails where somebody was never
// told of something. Its id is tell/REQUEST, else tell/WORKFLOW/RUN/NUMBER.
func Tell(ctx workflow.Context, first activities.Notice) (TellResult, error) {
	t := &teller{waiting: []activities.Notice{first}, newest: first}
	if first.Chat != nil {
		t.chat = *first.Chat
	}
	known, err := knownAttributes(ctx)
	if err != nil {
		return t.result, err
	}
	if err := known.set(ctx, value{HostAttribute, first.Host}); err != nil {
		workflow.GetLogger(ctx).Warn("search attribute not set", "error", err)
	}
	workflow.Go(ctx, t.listen)
	for !t.over() {
		if len(t.waiting) > 0 {
			t.deliver(ctx)
			continue
		}
		wait := workflow.AwaitOptions{Timeout: t.left(ctx), TimerOptions: workflow.TimerOptions{Summary: "until nobody can say any more how it closed"}}
		if more, err := workflow.AwaitWithOptions(ctx, wait, func() bool { return len(t.waiting) > 0 }); err != nil {
			return t.result, err
		} else if !more {
			break
		}
	}
	return t.result, t.failure()
}

// teller is a Tell at work.
type teller struct {
	result TellResult
	// waiting are the notices that people were not told of yet, newest is the last of all.
	waiting []activities.Notice
	newest  activities.Notice
	chat    activities.ChatThread
	// updated is when the message was last changed.
	updated time.Time
}

func (t *teller) listen(ctx workflow.Context) {
	for {
		var n activities.Notice
		workflow.GetSignalChannel(ctx, ToldSignal).Receive(ctx, &n)
		t.waiting, t.newest = append(t.waiting, n), n
		t.show(ctx)
	}
}

// over says that nothing is left to tell: the request has closed, or there is none.
func (t *teller) over() bool {
	return len(t.waiting) == 0 && (t.newest.Asked == nil || t.newest.Outcome() != "")
}

// left is how long the Tell still has.
func (t *teller) left(ctx workflow.Context) time.Duration {
	from := t.newest.At
	if t.newest.Asked != nil {
		from = t.newest.Asked.Deadline
	}
	return max(from.Add(tellAfter).Sub(workflow.Now(ctx)), 0)
}

// deliver tells people of the notice that has waited longest. The last one that waits brings the message up to date:
// what lies between is seen in the thread.
func (t *teller) deliver(ctx workflow.Context) {
	if soon := updateEvery - workflow.Now(ctx).Sub(t.updated); soon > 0 && len(t.waiting) == 1 && t.chat.Parent.TS != "" {
		t.pause(ctx, soon)
	}
	n := t.waiting[0]
	t.waiting = t.waiting[1:]
	told, err := t.notify(ctx, n)
	if err == nil && told.Gone && t.chat.Generation == 0 && t.newest.Outcome() == "" {
		t.chat = activities.ChatThread{Generation: 1}
		told, err = t.notify(ctx, n)
	}
	one := ToldNotice{About: n.About, At: n.At}
	switch {
	case err != nil:
		one.Untold = Reason(err)
		t.chat.Tried = true
	case told.Gone && n.Outcome() == "":
		one.Untold = "somebody deleted the message about it"
	case told.Gone:
		one.Told = workflow.Now(ctx) // nobody sees a button any more
	default:
		one.Told, t.chat.Parent, t.result.Message = workflow.Now(ctx), told.Parent, told.Parent
		t.chat.Doubtful = append(t.chat.Doubtful, told.Doubtful...)
	}
	t.result.Notices = append(t.result.Notices, one)
	t.show(ctx)
}

// pause leaves the message alone for a time, in which more may come.
func (t *teller) pause(ctx workflow.Context, d time.Duration) {
	timer := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: "one message changes every " + updateEvery.String() + " at most"})
	_ = timer.Get(ctx, nil) // a cancellation is for the activity to say
}

func (t *teller) notify(ctx workflow.Context, n activities.Notice) (told activities.Told, err error) {
	var a *activities.Messages
	chat := t.chat
	chat.Update = len(t.waiting) == 0
	n.Chat = &chat
	err = workflow.ExecuteActivity(telling(ctx, "tell "+n.To()+": "+n.About, min(tellTotal, t.left(ctx))), a.Notify, n).Get(ctx, &told)
	if chat.Update {
		t.updated = workflow.Now(ctx)
	}
	return told, err
}

// failure names what people were never told.
func (t *teller) failure() error {
	var untold []string
	for _, n := range t.result.Notices {
		if n.Untold != "" {
			untold = append(untold, n.About+": "+n.Untold)
		}
	}
	if len(untold) == 0 {
		return nil
	}
	return temporal.NewNonRetryableApplicationError("people could not be told: "+strings.Join(untold, "; "), activities.Unavailable, nil, t.result)
}
