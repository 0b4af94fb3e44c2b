package cli

import (
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
)

// followed is one run in a progress.
type followed struct {
	p     *progress
	label string
	steps map[int64]stepAtWork
	news  retryNews
	// untaken is the step that no worker takes: it is scheduled again and again, and told once.
	untaken string
}

// stepAtWork is an activity that has not ended.
type stepAtWork struct {
	activityID, summary string
	began               time.Time
}

// event tells what an event of the history says.
func (f *followed) event(event *historypb.HistoryEvent) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	at := event.GetEventTime().AsTime()
	switch event.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		st := stepAtWork{activityID: event.GetActivityTaskScheduledEventAttributes().GetActivityId(), summary: printable(summary(event)), began: at}
		f.steps[event.GetEventId()] = st
		if f.untaken != st.summary {
			f.p.line(f.label, at, st.summary, true)
		}
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		f.end(event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId(), at, "done")
	case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		attributes := event.GetActivityTaskFailedEventAttributes()
		f.end(attributes.GetScheduledEventId(), at, "FAILED ("+lastError(attributes.GetFailure())+")")
	case enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		f.timedOut(event.GetActivityTaskTimedOutEventAttributes(), at)
	case enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		f.end(event.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), at, "cancelled")
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		f.p.line(f.label, at, "cancel requested", false)
	default: // the rest is Temporal's own bookkeeping
	}
}

func (f *followed) end(scheduled int64, at time.Time, how string) {
	if st, ok := f.steps[scheduled]; ok {
		f.untaken = ""
		f.p.line(f.label, at, fmt.Sprintf("%s: %s after %.1f s", st.summary, how, at.Sub(st.began).Seconds()), false)
		delete(f.steps, scheduled)
	}
}

// timedOut tells of a step that ran out of time, and of one that no worker took, which is scheduled again, that nobody
// does: until one takes it that is said once.
func (f *followed) timedOut(e *historypb.ActivityTaskTimedOutEventAttributes, at time.Time) {
	st, known := f.steps[e.GetScheduledEventId()]
	if !known || e.GetFailure().GetTimeoutFailureInfo().GetTimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START {
		f.end(e.GetScheduledEventId(), at, "FAILED ("+lastError(e.GetFailure())+")")
		return
	}
	delete(f.steps, e.GetScheduledEventId())
	if f.untaken != st.summary {
		f.untaken = st.summary
		f.p.line(f.label, at, fmt.Sprintf("%s: no worker of the host has taken it since %s; start `worker` or `evenkeel` there", st.summary, st.began.Local().Format(time.TimeOnly)), false)
	}
}

// retries tells what is retried: a line when that is new, and on a terminal the time until the next attempt
// in the line that is written over.
func (f *followed) retries(all []retry, now time.Time) {
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := p.server.answers(); text != "" {
		p.line("server", now, text, false)
	}
	all = f.current(all)
	for _, r := range f.news.changed(all, p.live) {
		p.line(f.label, now, r.line(now), false)
	}
	switch {
	case !p.live || p.open && p.retrying != "" && p.retrying != f.label:
	case len(all) > 0:
		p.line(f.label, now, liveLine(all, now), true)
		p.retrying = f.label
	case p.open && p.retrying == f.label: // a worker has taken it now
		p.line(f.label, now, f.atWork(), true)
	}
}

// silent tells that the server does not answer, once for all runs.
func (f *followed) silent(now time.Time) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	if text := f.p.server.silent(now); text != "" {
		f.p.line("server", now, text, false)
	}
}

// atWork is the step that began last.
func (f *followed) atWork() string {
	newest := stepAtWork{summary: "at work"}
	for _, st := range f.steps {
		if st.began.After(newest.began) {
			newest = st
		}
	}
	return newest.summary
}

// current leaves out activities of which the history has told that they have ended, or not yet that they
// have begun: a description that comes late says nothing new.
func (f *followed) current(all []retry) []retry {
	var now []retry
	for _, r := range all {
		known := r.WorkflowID != "" || r.Activity == workflowTask
		for _, st := range f.steps {
			known = known || st.activityID == r.activityID
		}
		if known && (r.WaitingSince == nil || r.Summary == "" || r.Summary != f.untaken) { // that nobody takes it is told
			now = append(now, r)
		}
	}
	return now
}

// summary is what the workflow says of an activity.
func summary(event *historypb.HistoryEvent) string {
	var text string
	payload := event.GetUserMetadata().GetSummary()
	if err := converter.GetDefaultDataConverter().FromPayload(orEmpty(payload), &text); err != nil || text == "" {
		return event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
	}
	return text
}

func orEmpty(p *commonpb.Payload) *commonpb.Payload {
	if p == nil {
		return &commonpb.Payload{}
	}
	return p
}
