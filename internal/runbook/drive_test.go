package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// scripted are effects of which the world is told once.
type scripted struct {
	took   map[string]time.Duration
	people []func(s State, now, next time.Time) (*Event, time.Duration)
	seen   []string
	asked  int
}

func (f *scripted) Read(calls []ReadCall) (map[string]Reading, time.Duration) {
	return map[string]Reading{calls[0].Key: {}}, f.took["read"]
}

func (f *scripted) Evaluate(items []Item, _ time.Time) map[string]ItemResult {
	results := map[string]ItemResult{}
	for _, i := range items {
		results[i.Key] = ItemResult{Value: true}
	}
	return results
}

func (f *scripted) Act(c ActCall) (ActResult, time.Duration) {
	return ActResult{Outcome: OK}, f.took[c.Path]
}

func (f *scripted) Watch(c WatchCall) (WatchResult, time.Duration) {
	return WatchResult{Held: true}, f.took[c.Path]
}

func (f *scripted) Seen(c Command, now time.Time) {
	if c.Record != nil {
		f.seen = append(f.seen, now.Sub(startOfTime).String()+" "+c.Record.Kind+" "+stepOf(*c.Record))
	}
}

func (f *scripted) Person(s State, now, next time.Time) (*Event, time.Duration) {
	if f.asked == len(f.people) {
		return nil, 0
	}
	e, after := f.people[f.asked](s, now, next)
	if e != nil && !now.Add(after).After(next) {
		f.asked++
	}
	return e, after
}

func drivenBy(f *scripted, of ...Step) (State, time.Duration) {
	s, end := Drive(Lay(steps(of...)), New(Run{Name: "fix", PlanSHA256: planHash}, nil), startOfTime, f)
	return s, end.Sub(startOfTime)
}

func TestDriveKeepsTheTime(t *testing.T) {
	f := &scripted{took: map[string]time.Duration{"a": 40 * time.Second, "watch": time.Minute}}
	s, took := drivenBy(f, action("a"), Step{ID: "watch", Kind: Wait, Until: holds("u")}, Step{ID: "rest", Kind: Wait, ForSeconds: 30})
	require.Equal(t, Succeeded, s.Outcome)
	require.Equal(t, 130*time.Second, took)
	require.Equal(t, []string{
		"0s runbook.started ", "0s runbook.acting a", "40s step.ok a", "1m40s step.ok watch", "2m10s step.ok rest", "2m10s runbook.finished ",
	}, f.seen)
}

// Somebody who speaks up before what is on its way is heard first, and one who comes too late is not.
func TestDriveHearsPeople(t *testing.T) {
	abort := func(after time.Duration) func(State, time.Time, time.Time) (*Event, time.Duration) {
		return func(s State, now, _ time.Time) (*Event, time.Duration) {
			if s.Phase != Acting && s.Phase != Watching {
				return nil, 0
			}
			return &Event{Verb: &Verb{Verb: Abort, By: "olga", Reason: "a test", Standing: request.Standing{Operator: true, Proof: &identity.Proof{Who: "olga"}}}}, startOfTime.Add(after).Sub(now)
		}
	}
	watch := Step{ID: "watch", Kind: Wait, Until: holds("u")}
	hour := map[string]time.Duration{"a": time.Hour, "watch": time.Hour}
	for name, c := range map[string]struct {
		step    Step
		after   time.Duration
		outcome Outcome
		took    time.Duration
	}{
		"a watch ends at once":              {watch, time.Minute, Aborted, time.Minute},
		"an operation ends in its own time": {action("a"), time.Minute, Aborted, time.Hour},
		"too late":                          {watch, 2 * time.Hour, Succeeded, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s, took := drivenBy(&scripted{took: hour, people: []func(State, time.Time, time.Time) (*Event, time.Duration){abort(c.after)}}, c.step)
			require.Equal(t, c.outcome, s.Outcome)
			require.Equal(t, c.took, took)
		})
	}
}

func TestDriveWaitsOutDeadlines(t *testing.T) {
	s, took := drivenBy(&scripted{}, gateFor("a"), action("a"))
	require.Equal(t, Rejected, s.Outcome)
	require.Equal(t, 15*time.Minute, took)
}
