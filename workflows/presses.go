package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
)

// PressedSignal is the Signal with a Pressed. Every workflow that asks people has it.
const PressedSignal = "pressed"

// Pressed is a press on an open request, with what proves whose it is.
type Pressed struct {
	press.Press
	Evidence identity.Evidence `json:"evidence"`
}

const (
	// keptPresses is how many ids of presses a run keeps, the last ones, so that none counts twice.
	keptPresses = 1000
	// maxPressing is how many presses are at work at once; the others wait in the history.
	maxPressing = 10
	// maxWhispers is how many people are being told at once why their press did not count; of the others nobody is told.
	maxWhispers = 20
	// maxDenied is how many presses of one person are refused; those after it are in the history, and nothing comes of them.
	maxDenied = 50
	// pressTotal is how long a press waits for a worker of its host, at most. Nobody stands and waits for its answer.
	pressTotal = time.Hour
)

// presses are what people have pressed about a run's requests.
type presses struct {
	came workflow.ReceiveChannel
	// taken are the ids of the last ones, working those of the ones that are not answered yet.
	taken   []string
	working []string
	// whispers is how many people are being told something, refused how many presses of a person did not count.
	whispers int
	refused  map[string]int
}

// hearPresses takes one press after the other. What has arrived stays in the channel until it is taken, so that the run
// can see whether there is more.
func (q *requests) hearPresses(ctx workflow.Context) {
	all := &q.presses
	for {
		if err := workflow.Await(ctx, func() bool { return all.came.Len() > 0 && len(all.working) < maxPressing }); err != nil {
			return
		}
		var p Pressed
		if !all.came.ReceiveAsync(&p) || slices.Contains(all.taken, p.ID) || slices.Contains(all.working, p.ID) || all.refused[p.Who()] >= maxDenied {
			continue
		}
		all.working = append(all.working, p.ID)
		workflow.Go(ctx, func(ctx workflow.Context) {
			reply, proven := q.pressed(ctx, p)
			all.working = slices.DeleteFunc(all.working, func(id string) bool { return id == p.ID })
			if proven { // what nobody vouches for must not keep out the press that it looks like
				all.taken = append(all.taken, p.ID)
				all.taken = all.taken[max(0, len(all.taken)-keptPresses):]
			}
			if reply.Accepted {
				return
			}
			if all.refused == nil {
				all.refused = map[string]int{}
			}
			if all.refused[p.Who()]++; all.whispers >= maxWhispers {
				return
			}
			all.whispers++
			whisper(ctx, p.Press, reply.Message)
			all.whispers--
		})
	}
}

// pressed takes a press as the word that it is, and says whether it is proven whose it is.
func (q *requests) pressed(ctx workflow.Context, p Pressed) (reply request.Reply, proven bool) {
	a := request.Pressed(p.Press)
	a.Evidence = &p.Evidence
	if why := request.PressFault(p.Press); why != "" {
		return request.Reply{Message: why}, false
	}
	if why := a.Malformed(); why != "" { // its evidence
		return request.Reply{Message: why}, false
	}
	if over := q.over(); over != "" {
		return request.Reply{Message: over}, false
	}
	run := ""
	a.Standing.Fault = p.Request + " is not open"
	if at := slices.IndexFunc(q.asker.open(), func(r request.Request) bool { return r.ID == p.Request }); at >= 0 {
		asked := q.asker.open()[at]
		who, err := q.whoPressed(ctx, asked, a, p)
		if err != nil {
			return request.Reply{Message: err.Error()}, false
		}
		a.Standing, run, proven = who.Standing, who.RunID, who.Proof != nil
	}
	reply, err := q.asker.hear(ctx, a, run) // which records also that it is not open
	if err != nil {
		return request.Reply{Message: "your press was not taken: " + Reason(err)}, proven
	}
	return reply, proven
}

// whoPressed is what the person of a press may do, as the host's worker says. What proves nobody, and what was pressed
// too late, does not count, which the run records. An error is that nobody could say.
func (q *requests) whoPressed(ctx workflow.Context, asked request.Request, a request.Answer, p Pressed) (who activities.Standing, err error) {
	said := identity.Word{Namespace: identity.AnswerNamespace, Statement: asked.Says(p.Press), Evidence: p.Evidence}
	wait := min(max(asked.Deadline.Sub(workflow.Now(ctx)), askTotal), pressTotal)
	var people *activities.People
	err = q.queue.run(ctx, asking("groups of "+a.By), wait, people.WhoIs, activities.Person{Name: a.By, Via: a.Via, Others: asked.Others(), Word: &said}, &who)
	app, refused := errors.AsType[*temporal.ApplicationError](err)
	refused = refused && (app.Type() == activities.PermissionDenied || app.Type() == activities.InvalidInput)
	switch {
	case refused:
		return activities.Standing{Standing: request.Standing{Fault: Reason(err)}}, nil
	case err != nil:
		return who, errors.New("your press was not taken: " + Reason(err))
	case p.At.After(asked.Deadline):
		who.Fault = "it was pressed at " + p.At.UTC().Format(time.RFC3339) + ", and could be until " + asked.Deadline.UTC().Format(time.RFC3339)
	}
	if who.Proof != nil {
		who.Word = &said
	}
	return who, nil
}

// whisper tells who has pressed why it did not count. The run does not depend on it.
func whisper(ctx workflow.Context, p press.Press, why string) {
	var w *activities.Whispers
	told := activities.Whispered{Channel: p.Channel, User: p.User, Request: p.Request, Text: why}
	if err := workflow.ExecuteActivity(whispering(ctx, "tell "+p.Who()), w.Whisper, told).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("who pressed is not told that it did not count", "error", err)
	}
}

// pressesHeard waits until every press that has arrived is answered, so that the run may end.
func (q *requests) pressesHeard(ctx workflow.Context) {
	if !q.awaitPresses(ctx, func() bool { return q.presses.heard() && q.presses.whispers == 0 }) {
		workflow.GetLogger(ctx).Warn("somebody who pressed was not answered")
	}
}

// heard says that every press that has arrived is answered.
func (p *presses) heard() bool { return len(p.working) == 0 && p.came.Len() == 0 }

// inTime waits until every press that has arrived is answered, before a deadline counts: it may have been made in time.
func (q *requests) inTime(ctx workflow.Context) { q.awaitPresses(ctx, q.presses.heard) }

// awaitPresses waits for a minute at most.
func (q *requests) awaitPresses(ctx workflow.Context, until func() bool) bool {
	if until() {
		return true
	}
	o := workflow.AwaitOptions{Timeout: lastWords, TimerOptions: workflow.TimerOptions{Summary: "what people have pressed is heard first"}}
	done, err := workflow.AwaitWithOptions(ctx, o, until)
	return done && err == nil
}
