package runbook

import (
	"slices"
	"time"
)

// Effects are what a run that is not a workflow is driven with: a plan with real reads, a runbook test with
// scripted ones. Each effect says how long it took; the clock is theirs alone.
type Effects interface {
	Read(calls []ReadCall) (map[string]Reading, time.Duration)
	Evaluate(items []Item, now time.Time) map[string]ItemResult
	Act(call ActCall) (ActResult, time.Duration)
	Watch(call WatchCall) (WatchResult, time.Duration)
	// Seen is told of every command.
	Seen(c Command, now time.Time)
	// Person is asked before whatever comes next, which is at that time: what does somebody do, and after
	// how long? Nil is nothing until then.
	Person(s State, now, next time.Time) (*Event, time.Duration)
}

// maxEvents bounds a drive, against a definition that goes round for ever.
const maxEvents = 100_000

// Drive runs a program from its beginning until it is over, or until nothing more can happen. It
// returns the last state and time.
func Drive(p Program, s State, now time.Time, fx Effects) (State, time.Time) {
	d := drive{p: p, s: s, now: now, fx: fx}
	d.next(Event{Begin: true})
	for range maxEvents {
		if d.s.Phase == Over {
			break
		}
		e, ok := d.pending()
		if !ok {
			break
		}
		d.next(e)
	}
	return d.s, d.now
}

type drive struct {
	p   Program
	s   State
	now time.Time
	fx  Effects
	// queue are events that will happen, timers among them.
	queue []Event
}

// pending takes what happens next: somebody's word, the end of what is at work, or a timer.
func (d *drive) pending() (Event, bool) {
	slices.SortStableFunc(d.queue, func(a, b Event) int { return a.At.Compare(b.At) })
	next := d.now.Add(365 * 24 * time.Hour)
	if len(d.queue) > 0 {
		next = d.queue[0].At
	}
	if e, after := d.fx.Person(d.s, d.now, next); e != nil && !d.now.Add(after).After(next) {
		e.At = d.now.Add(after)
		return *e, true
	}
	if len(d.queue) == 0 {
		return Event{}, false
	}
	return d.take(), true
}

func (d *drive) take() Event {
	e := d.queue[0]
	d.queue = d.queue[1:]
	return e
}

func (d *drive) next(e Event) {
	if e.At.After(d.now) {
		d.now = e.At
	}
	e.At = d.now
	var commands []Command
	d.s, commands = Next(d.p, d.s, e)
	for _, c := range commands {
		d.fx.Seen(c, d.now)
		d.do(c)
	}
}

func (d *drive) do(c Command) {
	switch {
	case c.Read != nil:
		r, took := d.fx.Read(c.Read)
		d.later(Event{Seq: c.Seq, Read: r}, took)
	case c.Evaluate != nil:
		d.later(Event{Seq: c.Seq, Evaluated: d.fx.Evaluate(c.Evaluate, d.now)}, 0)
	case c.Act != nil:
		r, took := d.fx.Act(*c.Act)
		d.later(Event{Seq: c.Seq, Acted: &r}, took)
	case c.Watch != nil:
		r, took := d.fx.Watch(*c.Watch)
		d.later(Event{Seq: c.Seq, Watched: &r}, took)
	case c.Timer != nil:
		d.stop(c.Timer.Name)
		d.later(Event{Timer: c.Timer.Name}, c.Timer.For)
	case c.Cancel:
		d.cancel()
	case c.StopTimers:
		d.queue = slices.DeleteFunc(d.queue, func(e Event) bool { return e.Timer != "" })
	}
}

// cancel ends a watch at once. An operation is left to end by itself.
func (d *drive) cancel() {
	for i, e := range d.queue {
		if e.Watched != nil {
			d.queue[i].At, d.queue[i].Watched = d.now, &WatchResult{Fault: "it was stopped"}
		}
	}
}

func (d *drive) stop(timer string) {
	d.queue = slices.DeleteFunc(d.queue, func(e Event) bool { return e.Timer == timer })
}

func (d *drive) later(e Event, after time.Duration) {
	e.At = d.now.Add(after)
	d.queue = append(d.queue, e)
}
