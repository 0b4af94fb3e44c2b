package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

const (
	// AnswerRequest is the Update with a person's word on an open request: request.Answer → request.Reply. Every
	// workflow that asks people has it.
	AnswerRequest = "answer"
	// OpenRequests is the Query that returns all that is open, whole: []request.Request.
	OpenRequests = "requests"
	// RequestsMemo is the field of a run's memo that holds its request.Summaries.
	RequestsMemo = "EvenkeelRequests"
	// Waiting is the state of a run that waits for a person.
	Waiting = "waiting"
)

// asker is a run that asks people.
type asker interface {
	// open are the requests that wait for an answer now.
	open() []request.Request
	// hear takes a person's word and returns what to tell them. Run is the run that heard it, as the worker said it.
	hear(ctx workflow.Context, a request.Answer, run string) (request.Reply, error)
	// closed says how the run ended; empty while it goes on.
	closed() string
}

// requests lets people answer what a run asks. What they decide is the run's own business.
type requests struct {
	asker asker
	queue *hostQueue
	// shown is what the memo says.
	shown     request.Summaries
	published bool
	presses   presses
}

// listen registers the Update and the Query, and hears presses, before anything else happens.
func (q *requests) listen(ctx workflow.Context) error {
	q.presses.came = workflow.GetSignalChannelWithOptions(ctx, PressedSignal, workflow.SignalChannelOptions{Description: "A press in a chat about what the run asks"})
	apart, _ := workflow.NewDisconnectedContext(ctx) // a run that is being cancelled still hears
	workflow.Go(apart, q.hearPresses)
	if err := workflow.SetQueryHandler(ctx, OpenRequests, func() ([]request.Request, error) { return q.asker.open(), nil }); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, AnswerRequest, q.answer, workflow.UpdateHandlerOptions{
		Description: "Answer what the run asks", Validator: q.valid,
	})
}

// over is what whoever still speaks is told once the run has ended; empty while it goes on.
func (q *requests) over() string {
	closed := q.asker.closed()
	if closed == "" {
		return ""
	}
	return "the run is over: " + closed
}

// valid refuses what is malformed and what is not open. Who may is not its business: what it refuses leaves no trace.
func (q *requests) valid(_ workflow.Context, a request.Answer) error {
	if why := a.Malformed(); why != "" {
		return temporal.NewApplicationError(why, activities.InvalidInput)
	}
	if over := q.over(); over != "" {
		return temporal.NewApplicationError(over, activities.PreconditionFailed)
	}
	for _, r := range q.asker.open() {
		if r.ID == a.Request {
			return nil
		}
	}
	return temporal.NewApplicationError(a.Request+" is not open", activities.PreconditionFailed)
}

func (q *requests) answer(ctx workflow.Context, a request.Answer) (request.Reply, error) {
	p := activities.Person{Name: a.By, Via: a.Via}
	for _, r := range q.asker.open() {
		if r.ID != a.Request {
			continue
		}
		p.Others = r.Others()
		p.Word = word(identity.AnswerNamespace, r.Statement(a), a.Said)
	}
	who, err := q.whoIs(ctx, p)
	if err != nil {
		return request.Reply{}, err
	}
	a.Standing = who.Standing
	if a.Standing.Proof != nil {
		a.Standing.Word = p.Word
	}
	return q.asker.hear(ctx, a, who.RunID)
}

// word is what was said with what proves it; nil where nothing does.
func word(namespace string, s identity.Statement, said identity.Said) *identity.Word {
	if said.Evidence == nil {
		return nil
	}
	return &identity.Word{Namespace: namespace, Statement: s, Evidence: *said.Evidence}
}

// whoIs asks the host's worker what a person may do, as it is configured now. A person who waits for the answer waits
// for askTotal at most.
func (q *requests) whoIs(ctx workflow.Context, p activities.Person) (activities.Standing, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx) // a run that is being cancelled still hears
	defer cancel()
	var a *activities.People
	var standing activities.Standing
	err := q.queue.run(ctx, asking("groups of "+p.Name), askTotal, a.WhoIs, p, &standing)
	if err == nil {
		return standing, nil
	}
	class := activities.Unavailable
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		class = app.Type()
	}
	return standing, temporal.NewNonRetryableApplicationError("your word was not taken: "+Reason(err), class, nil)
}

// publish keeps the memo in step with what is open, so that one look at the list of runs shows what waits for people.
func (q *requests) publish(ctx workflow.Context) error {
	now := request.Summarize(q.asker.open())
	if now.Open == 0 && !q.published || sameSummaries(now, q.shown) {
		return nil
	}
	q.shown, q.published = now, true
	return workflow.UpsertMemo(ctx, map[string]any{RequestsMemo: now})
}

// sameSummaries says whether two memos say the same.
func sameSummaries(a, b request.Summaries) bool {
	if a.Open != b.Open || len(a.Requests) != len(b.Requests) {
		return false
	}
	for i, r := range a.Requests {
		o := b.Requests[i]
		if r.ID != o.ID || len(r.Answers) != len(o.Answers) || !r.Deadline.Equal(o.Deadline) {
			return false
		}
	}
	return true
}

// lastWords is how long a run that is over waits for the updates that are still being answered.
const lastWords = time.Minute

// answered waits until everybody who spoke has a reply, so that the run may end.
func answered(ctx workflow.Context) {
	done, err := workflow.AwaitWithTimeout(ctx, lastWords, func() bool { return workflow.AllHandlersFinished(ctx) })
	if err != nil || !done {
		workflow.GetLogger(ctx).Warn("somebody was not answered", "error", err)
	}
}
