package workflows

import (
	"fmt"
	"slices"
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
	// Message is where they were told of it in a chat; empty where they were not.
	Message activities.ChatRef `json:"message,omitzero"`
}

// ToldNotice is one notice and what became of it.
type ToldNotice struct {
	About string `json:"about"`
	// By is the channel: chat, page or webhook; ledger where there is no chat.
	By string `json:"by"`
	// At is when it happened, Told when people were told; zero while they are not.
	At   time.Time `json:"at"`
	Told time.Time `json:"told,omitzero"`
	// Untold is why they never were.
	Untold string `json:"untold,omitempty"`
}

// Tell tells people of one request, from its opening to its end, or of one thing that a step has to say: by each channel of
// the first notice, none of which waits for another. It goes on when the run has ended, so that they are told when a chat is
// back that was away: each notice is tried for 24 hours, and all of it ends 25 hours after the deadline of the request at
// the latest. It fails where somebody was never told of something. Its id is tell/REQUEST, else tell/WORKFLOW/RUN/NUMBER.
func Tell(ctx workflow.Context, first activities.Notice) (TellResult, error) {
	t := &teller{newest: first}
	if first.Channels.Chat || first.Channels.Webhook {
		t.log.begin(ctx, first)
	}
	chat := &tellChat{teller: t, chats: first.Channels.Chat}
	if first.Chat != nil {
		chat.thread = *first.Chat
	}
	t.row(ctx, chat.name(), first, chat.deliver)
	if first.Channels.Pager {
		t.row(ctx, "page", first, t.page)
	}
	if first.Channels.Webhook {
		t.row(ctx, "webhook", first, t.post)
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
		wait := workflow.AwaitOptions{Timeout: t.left(ctx), TimerOptions: workflow.TimerOptions{Summary: "until nobody can say any more how it closed"}}
		newest := t.newest.Number // a later deadline may come with it
		if more, err := workflow.AwaitWithOptions(ctx, wait, func() bool { return t.over() || t.newest.Number != newest }); err != nil {
			return t.result, err
		} else if !more && !t.busy() {
			break
		} else if !more {
			_ = workflow.Await(ctx, func() bool { return !t.busy() }) // each delivery has its own end
		}
	}
	return t.result, t.failure()
}

// teller is a Tell at work.
type teller struct {
	result TellResult
	rows   []*tellRow
	// newest is the last notice of all.
	newest activities.Notice
	log    tellLog
}

// tellRow are the notices of one channel, one after the other.
type tellRow struct {
	by      string
	waiting []activities.Notice
	working bool
}

// row begins to tell people by a channel. Deliver tells them of a notice, and says why they were not told.
func (t *teller) row(ctx workflow.Context, by string, first activities.Notice, deliver func(workflow.Context, *tellRow, activities.Notice) (untold string)) {
	r := &tellRow{by: by, waiting: []activities.Notice{first}}
	t.rows = append(t.rows, r)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for workflow.Await(ctx, func() bool { return len(r.waiting) > 0 }) == nil {
			n := r.waiting[0]
			r.working = true
			untold := deliver(ctx, r, n)
			r.working = false
			told := ToldNotice{About: n.About, By: by, At: n.At, Untold: untold}
			if untold == "" {
				told.Told = workflow.Now(ctx)
			}
			t.result.Notices = append(t.result.Notices, told)
			t.show(ctx)
		}
	})
}

func (t *teller) listen(ctx workflow.Context) {
	for {
		var n activities.Notice
		workflow.GetSignalChannel(ctx, ToldSignal).Receive(ctx, &n)
		t.newest = n
		for _, r := range t.rows {
			r.waiting = append(r.waiting, n)
		}
		t.show(ctx)
	}
}

// busy says that somebody is being told something.
func (t *teller) busy() bool {
	return slices.ContainsFunc(t.rows, func(r *tellRow) bool { return r.working || len(r.waiting) > 0 })
}

// over says that nothing is left to tell: the request has closed, or there is none.
func (t *teller) over() bool {
	return !t.busy() && (t.newest.Asked == nil || t.newest.Outcome() != "")
}

// left is how long the Tell still has.
func (t *teller) left(ctx workflow.Context) time.Duration {
	from := t.newest.At
	if t.newest.Asked != nil {
		from = t.newest.Asked.Deadline
	}
	return max(from.Add(tellAfter).Sub(workflow.Now(ctx)), 0)
}

// page tells whoever is on call.
func (t *teller) page(ctx workflow.Context, r *tellRow, n activities.Notice) (untold string) {
	r.waiting = r.waiting[1:]
	var a *activities.Messages
	return untoldBy(workflow.ExecuteActivity(paging(ctx, "page "+n.To()+": "+n.About, min(tellTotal, t.left(ctx))), a.PageNotice, n).Get(ctx, nil))
}

// post tells the chat that is only posted to.
func (t *teller) post(ctx workflow.Context, r *tellRow, n activities.Notice) (untold string) {
	r.waiting = r.waiting[1:]
	var a *activities.Messages
	n = t.log.with(ctx, n)
	return untoldBy(workflow.ExecuteActivity(paging(ctx, "post for "+n.To()+": "+n.About, min(tellTotal, t.left(ctx))), a.PostNotice, n).Get(ctx, nil))
}

func untoldBy(err error) string {
	if err == nil {
		return ""
	}
	return Reason(err)
}

// failure names what people were never told.
func (t *teller) failure() error {
	var untold []string
	for _, n := range t.result.Notices {
		switch {
		case n.Untold == "":
		case n.By == byChat:
			untold = append(untold, n.About+": "+n.Untold)
		default:
			untold = append(untold, n.About+" by "+n.By+": "+n.Untold)
		}
	}
	if len(untold) == 0 {
		return nil
	}
	return temporal.NewNonRetryableApplicationError("people could not be told: "+strings.Join(untold, "; "), activities.Unavailable, nil, t.result)
}
