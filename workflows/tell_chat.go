package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// byChat is the channel of what is told in a chat, in a ToldNotice.
const byChat = "chat"

// tellChat tells people in a chat, behind an entry in the ledger: a request is one message that shows how it stands. Without
// a chat the ledger alone is told.
type tellChat struct {
	*teller
	chats  bool
	thread activities.ChatThread
	// updated is when the message was last changed.
	updated time.Time
}

func (t *tellChat) name() string {
	if t.chats {
		return byChat
	}
	return "ledger"
}

// deliver tells people of the notice that has waited longest. The last one that waits brings the message up to date: what
// lies between is seen in the thread.
func (t *tellChat) deliver(ctx workflow.Context, r *tellRow, n activities.Notice) (untold string) {
	if soon := updateEvery - workflow.Now(ctx).Sub(t.updated); soon > 0 && len(r.waiting) == 1 && t.thread.Parent.TS != "" {
		t.pause(ctx, soon)
	}
	r.waiting = r.waiting[1:]
	told, err := t.notify(ctx, r, n)
	if err == nil && told.Gone && t.thread.Generation == 0 && t.newest.Outcome() == "" {
		t.thread = activities.ChatThread{Generation: 1}
		told, err = t.notify(ctx, r, n)
	}
	switch {
	case err != nil:
		t.thread.Tried = true
		return Reason(err)
	case told.Gone && n.Outcome() == "":
		return "somebody deleted the message about it"
	case told.Gone: // nobody sees a button any more
		return ""
	}
	t.thread.Parent, t.result.Message = told.Parent, told.Parent
	t.thread.Doubtful = append(t.thread.Doubtful, told.Doubtful...)
	return ""
}

// pause leaves the message alone for a time, in which more may come.
func (t *tellChat) pause(ctx workflow.Context, d time.Duration) {
	timer := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: "one message changes every " + updateEvery.String() + " at most"})
	_ = timer.Get(ctx, nil) // a cancellation is for the activity to say
}

func (t *tellChat) notify(ctx workflow.Context, r *tellRow, n activities.Notice) (told activities.Told, err error) {
	var a *activities.Messages
	thread := t.thread
	thread.Update = len(r.waiting) == 0
	n.Chat = nil
	if t.chats {
		n = t.log.with(ctx, n)
		n.Chat = &thread
	}
	err = workflow.ExecuteActivity(telling(ctx, "tell "+n.To()+": "+n.About, min(tellTotal, t.left(ctx))), a.Notify, n).Get(ctx, &told)
	if thread.Update {
		t.updated = workflow.Now(ctx)
	}
	return told, err
}
