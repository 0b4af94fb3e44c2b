//go:build e2e

package e2e

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/workflows"
)

const (
	// shortKills is the number of random kills in `make e2e`; soakKills that of `make soak`.
	shortKills = 3
	soakKills  = 200
)

// TestSoakRandomKills is the long form of "random kills".
func TestSoakRandomKills(t *testing.T) {
	if os.Getenv("EVENKEEL_SOAK") == "" {
		t.Skip("make soak runs it; make e2e has the short form")
	}
	newSite(t, "ON_TERM=exit").randomKills(soakKills, uint64(time.Now().UnixNano()))
}

// randomKills ends the worker at random moments of one scale after the other. Each ends with the
// number asked for or the one before, with no orphan, no container that never started and no
// replica too many.
func (s *site) randomKills(kills int, seed uint64) {
	s.t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	requests := s.load("mode=fast")
	have := 1
	for done := 0; done < kills; {
		want := 1 + random.IntN(4)
		if want == have {
			continue
		}
		s.begin(target(want))
		for range 1 + random.IntN(3) {
			time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
			s.killWorker()
			done++
		}
		result, err := s.outcome()
		if err == nil && result.Outcome == workflows.Scaled {
			have = want
		}
		s.requireReplicas(have)
	}
	if have != 1 {
		s.scale("app=1")
	}
	s.requireReplicas(1)
	s.requireNoneFailed(requests)
}

// cancelInEachPhase cancels by the command line and by Temporal's own call, in turns. Everything
// is as it was before, unless the point of no return was passed.
func (s *site) cancelInEachPhase() {
	requests := s.load("mode=fast")
	before := 1
	for _, step := range upThenDown {
		for i, activity := range step.activities[1:] {
			if activity == "RemoveReplicas" {
				continue // the point of no return
			}
			s.begin(step.target)
			s.awaitActivity(activity, s.awaitActivity("PlanScale", 0))
			if i%2 == 0 {
				_, err := s.Starter(s.ctx, "scale", "--cancel", "app")
				require.NoError(s.t, err)
			} else {
				require.NoError(s.t, s.client.CancelWorkflow(s.ctx, scaleID, ""))
			}
			if result, err := s.outcome(); err == nil {
				// The phase was over before the word came; the run went on to its end.
				require.Equal(s.t, workflows.Scaled, result.Outcome)
				s.requireReplicas(step.replicas)
				s.scale(target(before))
			}
			s.requireReplicas(before)
		}
		s.scale(step.target)
		before = step.replicas
	}
	s.requireNoneFailed(requests)
}

// oneAtATime starts a second scale while one is at work.
func (s *site) oneAtATime() {
	s.begin("app=2")
	out, err := s.Starter(s.ctx, "scale", "app=3")
	require.ErrorContains(s.t, err, "exit status 1", "%s", out)
	require.ErrorContains(s.t, err, "app 1 → 2 on demo by ")
	_, err = s.outcome()
	require.NoError(s.t, err)
	s.requireReplicas(2)
	s.scale("app=1")
}
