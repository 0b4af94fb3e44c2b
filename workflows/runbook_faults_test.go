package workflows_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// away says that the ledger does not answer, at times that a test says.
func (s *runbookSite) ledgerIs(away func() bool) {
	s.ledger.fault = func() error {
		if away() {
			return activities.Fail(activities.Unavailable, errors.New("the database is away"))
		}
		return nil
	}
}

// between is a time of the run.
func (s *runbookSite) between(from, to time.Duration) func() bool {
	return func() bool {
		at := s.Now().Sub(start)
		return at >= from && at < to
	}
}

// A ledger that is away for seconds, minutes or hours changes nothing of a run but its length: whatever it was to
// know it knows in the end, and a person who speaks meanwhile has an answer at once.
func TestRunbookWaitsForTheLedger(t *testing.T) {
	for _, d := range []time.Duration{3 * time.Second, 6 * time.Second, 10 * time.Second, time.Hour, 23 * time.Hour} {
		t.Run(d.String(), func(t *testing.T) {
			s := newRunbookSite(t, restart(t))
			s.ledgerIs(s.between(time.Minute, time.Minute+d))
			approved := s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			var told time.Duration
			approved.then = func() { told = s.Now().Sub(start) - time.Minute }
			if d >= time.Hour {
				s.RegisterDelayedCallback(func() {
					require.Contains(t, s.status().Waits, "waits for the ledger, which does not answer since 03:01:")
				}, 2*time.Minute)
			}
			result, err := s.run()
			if d > 15*time.Minute { // the approval has ended meanwhile
				require.ErrorContains(t, err, "its approval ended at 03:16:00 UTC, before it could begin")
				require.Equal(t, runbook.RolledBack, result.Outcome)
				require.NotContains(t, s.acts, "restart")
			} else {
				require.NoError(t, err)
				require.Equal(t, []string{"open", "restart", "close"}, s.acts)
			}
			require.True(t, approved.reply.Accepted, approved.reply.Message)
			require.Less(t, told, 30*time.Second)
			require.Contains(t, s.ledger.kinds(), "request.approved")
			require.Equal(t, "runbook.finished", s.ledger.kinds()[len(s.ledger.kinds())-1])
			require.Empty(t, result.Unwritten)
		})
	}
}

// After a day without a ledger a run puts back what it can, and its result holds what the ledger does not know.
func TestRunbookGivesUpTheLedger(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.ledgerIs(s.between(time.Minute, 10*24*time.Hour))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.ErrorContains(t, err, "the ledger does not take what the run has to tell: the database is away")
	require.Equal(t, []string{"open", "undo open"}, s.acts)
	require.Equal(t, runbook.RolledBack, result.Outcome)
	require.Equal(t, []string{"open"}, result.Undone)
	var kinds []string
	for _, rec := range result.Unwritten {
		kinds = append(kinds, rec.Kind)
	}
	require.Contains(t, kinds, "request.approved")
	require.Equal(t, "runbook.finished", kinds[len(kinds)-1])
	require.NotContains(t, s.ledger.kinds(), "runbook.finished")
}

// What is malformed is refused before it becomes part of the run, and disturbs nothing.
func TestRunbookRefusesTheMalformed(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	var refused []*word
	for _, by := range []string{"bob\nanna@gpu1", "", "bob\x1b[2K@gpu1", string(make([]byte, 100_000))} {
		refused = append(refused, s.hears(time.Minute, workflows.AnswerRequest, s.answers(by, true)), s.hears(time.Minute, workflows.OperateRunbook, s.orders(runbook.Abort, by)))
	}
	s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	for _, w := range refused {
		require.ErrorContains(t, w.rejected, "a name is one line of 1 to 256 bytes")
	}
	require.NotContains(t, s.ledger.kinds(), "request.denied")
}

// A host without a worker is said to be without one, and an operation that none took was not done: it is done once
// there is one, and otherwise it has failed.
func TestRunbookOfAHostWithoutAWorker(t *testing.T) {
	for _, away := range []time.Duration{2 * time.Minute, time.Hour} {
		t.Run(away.String(), func(t *testing.T) {
			s := newRunbookSite(t, restart(t))
			absent := s.between(time.Minute, time.Minute+away)
			s.act = func(c runbook.ActCall) (runbook.ActResult, error) {
				if !c.Undo && absent() {
					s.acts = s.acts[:len(s.acts)-1] // nobody took it
					return runbook.ActResult{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
				}
				return runbook.ActResult{}, nil
			}
			s.takes = func() time.Duration {
				if absent() {
					return 15 * time.Second
				}
				return 0
			}
			s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			s.RegisterDelayedCallback(func() {
				require.Equal(t, "nobody polls gpu1 since 03:01:00 UTC; start `worker` or `evenkeel` there", s.status().Waits)
			}, 100*time.Second)
			result, err := s.run()
			if away < actWait {
				require.NoError(t, err)
				require.Equal(t, []string{"open", "restart", "close"}, s.acts)
				return
			}
			require.Error(t, err)
			require.NotContains(t, s.acts, "restart")
			require.Contains(t, result.Reason, "nobody polls gpu1 since 03:0")
			require.Equal(t, runbook.RolledBack, result.Outcome)
		})
	}
}

// A host whose worker is lost at work says so. What may be tried again is done once there is another; what may not
// is not scheduled again, and a person decides.
func TestRunbookOfAHostThatLosesItsWorker(t *testing.T) {
	lostAt := func(t *testing.T, step string, away time.Duration) (*runbookSite, *int) {
		s, scheduled := newRunbookSite(t, restart(t)), 0
		var back time.Time
		s.act = func(c runbook.ActCall) (runbook.ActResult, error) {
			if c.Path != step || c.Undo {
				return runbook.ActResult{}, nil
			}
			scheduled++
			if back.IsZero() {
				back = s.Now().Add(away)
			}
			if s.Now().Before(back) {
				beat := temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil)
				return runbook.ActResult{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, beat)
			}
			return runbook.ActResult{}, nil
		}
		s.takes = func() time.Duration {
			if !back.IsZero() && s.Now().Before(back) {
				return 15 * time.Second
			}
			return 0
		}
		return s, &scheduled
	}
	t.Run("it may be tried again", func(t *testing.T) {
		s, scheduled := lostAt(t, "open", 2*time.Minute)
		s.RegisterDelayedCallback(func() {
			require.Equal(t, "nobody polls gpu1 since 03:00:00 UTC; start `worker` or `evenkeel` there", s.status().Waits)
		}, time.Minute)
		s.hears(5*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
		result, err := s.run()
		require.NoError(t, err)
		require.Equal(t, runbook.Succeeded, result.Outcome)
		require.Greater(t, *scheduled, 2)
	})
	t.Run("it may not", func(t *testing.T) {
		s, scheduled := lostAt(t, "restart", time.Hour)
		s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
		s.RegisterDelayedCallback(func() {
			message := s.status().Request.Message
			require.Contains(t, message, "restart may or may not have happened: command.run command=restart-qwen, which runs /usr/local/bin/restart qwen (attempt 1): ")
			require.Contains(t, message, "; what the command started may still run")
		}, 10*time.Minute)
		result, err := s.run()
		require.Error(t, err)
		require.Equal(t, 1, *scheduled)
		require.Equal(t, []string{"restart: its outcome is unknown"}, result.NotUndone)
	})
}

// actWait is how long an operation waits for a worker.
const actWait = 10 * time.Minute

// An operator's order for one run does nothing to another.
func TestOrdersForAnotherRun(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	foreign := s.hears(time.Minute, workflows.OperateRunbook, func() any {
		order := s.orders(runbook.Abort, "bob@gpu1")().(workflows.RunbookOrder)
		order.Run = "another-run"
		return order
	})
	s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Equal(t, request.Reply{Message: "that was for another run"}, foreign.reply)
}

// Whatever fails, and however often: a run ends, whoever spoke has an answer, and each write that was done is undone
// or named.
func TestRunbookEndsWhateverFails(t *testing.T) {
	runs := 500
	switch {
	case testing.Short():
		runs = 50
	case os.Getenv("EVENKEEL_SOAK") != "":
		runs = 20_000
	}
	base := uint64(time.Now().UnixNano())
	outcomes := map[runbook.Outcome]int{}
	for i := range uint64(runs) {
		seed := base + i
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { outcomes[randomFaults(t, seed)]++ })
		if !ok {
			return
		}
	}
	if !testing.Short() {
		for _, outcome := range []runbook.Outcome{runbook.Succeeded, runbook.Rejected, runbook.RolledBack, runbook.RollbackIncomplete} {
			require.NotZero(t, outcomes[outcome], "%s never happens: %v", outcome, outcomes)
		}
	}
}

func randomFaults(t *testing.T, seed uint64) runbook.Outcome {
	random := rand.New(rand.NewPCG(seed, 3))
	chance := func(percent int) bool { return random.IntN(100) < percent }
	s := newRunbookSite(t, restart(t))
	rate := random.IntN(40)
	kinds := []error{
		activities.Fail(activities.Unavailable, errors.New("away")), activities.Fail(activities.PreconditionFailed, errors.New("no")),
		activities.Fail(activities.Conflict, errors.New("other data")), errors.New("unclassified"),
	}
	away := time.Duration(random.IntN(300)) * time.Second
	gone := s.between(away, away+time.Duration(random.IntN(40))*time.Hour)
	s.ledger.fault = func() error {
		switch {
		case chance(rate):
			return kinds[random.IntN(len(kinds))]
		case rate > 20 && gone():
			return kinds[0]
		}
		return nil
	}
	done := map[string]int{}
	s.act = func(c runbook.ActCall) (runbook.ActResult, error) {
		happened := chance(60)
		if happened && c.Path == "open" {
			if c.Undo {
				done["undo"]++
			} else {
				done["open"]++
			}
		}
		switch {
		case !chance(rate):
			if !happened && c.Path == "open" && !c.Undo {
				done["open"]++
			}
			if !happened && c.Path == "open" && c.Undo {
				done["undo"]++
			}
			return runbook.ActResult{}, nil
		case chance(30):
			return runbook.ActResult{}, temporal.NewNonRetryableApplicationError("lost", activities.Unknown, nil)
		case chance(30):
			return runbook.ActResult{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil)
		}
		return runbook.ActResult{}, temporal.NewNonRetryableApplicationError("no", activities.PreconditionFailed, nil)
	}
	var words []*word
	for range 1 + random.IntN(6) {
		at := time.Duration(1+random.IntN(1800)) * time.Second
		switch verb := runbook.Verbs[random.IntN(len(runbook.Verbs))]; {
		case chance(60):
			words = append(words, s.hears(at, workflows.AnswerRequest, func() any {
				if s.status().Request == nil {
					return request.Answer{Request: "runbook/gpu1/shop/restart_model/qwen_32b:ask.1@ffffffff", By: "bob@gpu1", Decision: request.Approve}
				}
				return s.answers("bob@gpu1", chance(80))()
			}))
		default:
			words = append(words, s.hears(at, workflows.OperateRunbook, s.orders(verb, "bob@gpu1")))
		}
	}
	if chance(20) {
		s.RegisterDelayedCallback(s.CancelWorkflow, time.Duration(random.IntN(600))*time.Second)
	}
	result, _ := s.run()
	require.NotEmpty(t, result.Outcome)
	require.NotEqual(t, workflows.Running, result.Outcome)
	for _, w := range words {
		require.True(t, w.settled || !w.sent, "a word has no answer")
	}
	if done["open"] > 0 && result.Outcome != runbook.Succeeded && result.Outcome != runbook.NotNeeded {
		named := len(result.NotUndone) > 0
		require.True(t, named || done["undo"] > 0, "open was done, and nothing says what became of it: %+v", result)
	}
	return result.Outcome
}
